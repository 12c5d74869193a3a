from common import *

# concepts: symmetry test, one cell
def transform(input_grid):
    color = Color.BLUE if np.array_equal(input_grid, np.fliplr(input_grid)) else Color.ORANGE
    grid = np.array([[color]])
    return grid
