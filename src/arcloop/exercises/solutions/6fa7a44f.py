from common import *

# concepts: append mirror
def transform(input_grid):
    grid = np.vstack([input_grid, np.flipud(input_grid)])
    return grid
