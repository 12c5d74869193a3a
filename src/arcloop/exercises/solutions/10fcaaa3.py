from common import *

# concepts: tile, diagonal neighbors
def transform(input_grid):
    grid = np.tile(input_grid, (2, 2))
    h, w = grid.shape
    for x, y in np.argwhere(grid > 0):
        for a, b in [(-1, -1), (-1, 1), (1, -1), (1, 1)]:
            if 0 <= x + a < h and 0 <= y + b < w and grid[x + a, y + b] == Color.BLACK:
                grid[x + a, y + b] = Color.PURPLE
    return grid
