from common import *

# concepts: scale by number of cells
def transform(input_grid):
    grid = scale_sprite(input_grid, np.count_nonzero(input_grid))
    return grid
