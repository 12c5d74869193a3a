from common import *

# concepts: mirror, stack
def transform(input_grid):
    half = np.hstack([np.fliplr(input_grid), input_grid])
    grid = np.vstack([np.flipud(half), half, np.flipud(half)])
    return grid
