from common import *

# concepts: draw diagonals
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for i in range(h):
        grid[i, i] = grid[i, w - 1 - i] = Color.BLACK
    return grid
