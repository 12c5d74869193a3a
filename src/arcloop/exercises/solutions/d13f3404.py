from common import *

# concepts: draw diagonal rays
def transform(input_grid):
    n = len(input_grid)
    grid = np.zeros((2 * n, 2 * n), dtype=int)
    for x, y in np.argwhere(input_grid > 0):
        draw_line(grid, x, y, direction=(1, 1), color=input_grid[x, y])
    return grid
