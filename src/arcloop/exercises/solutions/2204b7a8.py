from common import *

# concepts: recolor by nearest border
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for x, y in np.argwhere(input_grid == Color.GREEN):
        if input_grid[:, 0].all():
            grid[x, y] = input_grid[x, 0] if 2 * y < w else input_grid[x, -1]
        else:
            grid[x, y] = input_grid[0, y] if 2 * x < h else input_grid[-1, y]
    return grid
