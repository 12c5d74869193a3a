from common import *

# concepts: scale, repeat in own shape
def transform(input_grid):
    grid = scale_sprite(input_grid, 3)
    grid = np.where(np.tile(input_grid, (3, 3)) > 0, grid, 0)
    return grid
