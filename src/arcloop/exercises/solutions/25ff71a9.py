from common import *

# concepts: shift
def transform(input_grid):
    grid = translate(input_grid, 1, 0)
    return grid
