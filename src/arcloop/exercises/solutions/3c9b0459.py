from common import *

# concepts: rotate
def transform(input_grid):
    grid = np.rot90(input_grid, 2)
    return grid
