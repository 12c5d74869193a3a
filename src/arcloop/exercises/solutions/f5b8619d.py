from common import *

# concepts: mark columns, tile
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid > 0):
        grid[grid[:, y] == Color.BLACK, y] = Color.PURPLE
    grid = np.tile(grid, (2, 2))
    return grid
