from common import *

# concepts: rows in colors of first row
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for x in range(2, h):
        grid[x] = grid[0, (x - 2) % w]
    return grid
