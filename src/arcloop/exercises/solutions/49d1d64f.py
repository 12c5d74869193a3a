from common import *

# concepts: pad by border
def transform(input_grid):
    h, w = input_grid.shape
    grid = np.zeros((h + 2, w + 2), dtype=int)
    grid[1:-1, 1:-1] = input_grid
    grid[0, 1:-1], grid[-1, 1:-1] = input_grid[0], input_grid[-1]
    grid[1:-1, 0], grid[1:-1, -1] = input_grid[:, 0], input_grid[:, -1]
    return grid
