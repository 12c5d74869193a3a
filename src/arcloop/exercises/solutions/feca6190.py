from common import *

# concepts: scale, diagonal rays
def transform(input_grid):
    n = 5 * np.count_nonzero(input_grid)
    grid = np.zeros((n, n), dtype=int)
    for y, color in enumerate(input_grid[0]):
        if color > 0:
            draw_line(grid, n - 1, y, direction=(-1, 1), color=color)
    return grid
