from common import *

# concepts: denoise, keep squares
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    h, w = grid.shape
    for x in range(h - 1):
        for y in range(w - 1):
            if input_grid[x:x + 2, y:y + 2].all():
                grid[x:x + 2, y:y + 2] = input_grid[x, y]
    return grid
