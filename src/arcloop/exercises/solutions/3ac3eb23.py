from common import *

# concepts: zigzag columns
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for y in np.flatnonzero(input_grid[0]):
        grid[::2, y] = input_grid[0, y]
        grid[1::2, y - 1] = input_grid[0, y]
        grid[1::2, y + 1] = input_grid[0, y]
    return grid
