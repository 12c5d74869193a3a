from common import *

# concepts: crop
def transform(input_grid):
    grid = crop(input_grid)
    return grid
