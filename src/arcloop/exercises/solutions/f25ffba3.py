from common import *

# concepts: mirror above
def transform(input_grid):
    grid = np.where(input_grid > 0, input_grid, np.flipud(input_grid))
    return grid
