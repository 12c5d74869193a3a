from common import *

# concepts: draw down
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid > 0):
        grid[x:, y] = grid[x, y]
    return grid
