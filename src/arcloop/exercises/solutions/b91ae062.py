from common import *

# concepts: scale by number of colors
def transform(input_grid):
    grid = scale_sprite(input_grid, len(object_colors(input_grid)))
    return grid
