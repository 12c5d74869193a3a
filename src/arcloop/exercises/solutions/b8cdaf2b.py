from common import *

# concepts: diagonal rays from object
def transform(input_grid):
    grid = input_grid.copy()
    y, w = np.flatnonzero(input_grid[-2]), grid.shape[1]
    color = input_grid[-1, y[0]]
    draw_line(grid, len(grid) - 3, y[0] - 1, direction=(-1, -1), color=color)
    draw_line(grid, len(grid) - 3, y[-1] + 1, direction=(-1, 1), color=color)
    return grid
