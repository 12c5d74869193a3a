from common import *

# concepts: bouncing line, recolor background
def transform(input_grid):
    grid = np.full_like(input_grid, Color.PURPLE)
    h, w = grid.shape
    y, step = 0, 1
    for x in reversed(range(h)):
        grid[x, y] = Color.BLUE
        if not 0 <= y + step < w:
            step = -step
        y += step
    return grid
