from common import *

# concepts: scale
def transform(input_grid):
    grid = scale_sprite(input_grid, 3)
    return grid
