from common import *

# concepts: flip
def transform(input_grid):
    grid = np.fliplr(input_grid)
    return grid
