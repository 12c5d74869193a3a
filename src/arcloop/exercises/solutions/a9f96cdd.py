from common import *

# concepts: diagonal neighbors
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    h, w = grid.shape
    x, y = np.argwhere(input_grid == Color.RED)[0]
    for a, b, color in [(-1, -1, 3), (-1, 1, 6), (1, -1, 8), (1, 1, 7)]:
        if 0 <= x + a < h and 0 <= y + b < w:
            grid[x + a, y + b] = color
    return grid
