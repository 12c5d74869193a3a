from common import *

# concepts: draw right, then down
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for x, y in np.argwhere(input_grid > 0):
        grid[x, y:] = grid[x, y]
        below = [a for a in range(x + 1, h) if input_grid[a].any()]
        grid[x:below[0] if below else h, w - 1] = grid[x, y]
    return grid
