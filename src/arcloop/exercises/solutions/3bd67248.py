from common import *

# concepts: diagonal and last row
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for i in range(1, w):
        grid[h - 1 - i, i] = Color.RED
    grid[-1, 1:] = Color.YELLOW
    return grid
