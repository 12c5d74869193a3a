from common import *

# concepts: recolor by corner cell
def transform(input_grid):
    grid = np.where(input_grid > 0, input_grid[-1, 0], 0)
    grid[-1, 0] = Color.BLACK
    return grid
