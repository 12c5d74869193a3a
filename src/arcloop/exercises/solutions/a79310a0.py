from common import *

# concepts: recolor, shift
def transform(input_grid):
    grid = np.where(translate(input_grid, 1, 0) > 0, Color.RED, Color.BLACK)
    return grid
