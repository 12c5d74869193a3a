from common import *

# concepts: draw border
def transform(input_grid):
    grid = input_grid.copy()
    grid[0] = grid[-1] = Color.PURPLE
    grid[:, 0] = grid[:, -1] = Color.PURPLE
    return grid
