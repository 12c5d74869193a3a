from common import *

# concepts: flip
def transform(input_grid):
    grid = np.flipud(input_grid)
    return grid
