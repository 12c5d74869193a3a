from common import *

# concepts: alternate rows
def transform(input_grid):
    grid = input_grid.copy()
    grid[0, 1::2] = input_grid[1, 1::2]
    grid[1, 1::2] = input_grid[0, 1::2]
    return grid
