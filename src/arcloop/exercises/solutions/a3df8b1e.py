from common import *

# concepts: bouncing line
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    y, step = 0, 1
    for x in reversed(range(h)):
        grid[x, y] = Color.BLUE
        if not 0 <= y + step < w:
            step = -step
        y += step
    return grid
