from common import *

# concepts: append mirror
def transform(input_grid):
    grid = np.hstack([input_grid, np.fliplr(input_grid)])
    return grid
