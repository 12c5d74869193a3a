from common import *

# concepts: crop, scale
def transform(input_grid):
    grid = scale_sprite(crop(input_grid), 2)
    return grid
