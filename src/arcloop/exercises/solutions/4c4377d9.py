from common import *

# concepts: append mirror
def transform(input_grid):
    grid = np.vstack([np.flipud(input_grid), input_grid])
    return grid
