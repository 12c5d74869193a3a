from common import *

# concepts: alternate to the right
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid > 0):
        grid[x, y::2] = input_grid[x, y]
        grid[x, y + 1::2] = Color.GRAY
    return grid
