from common import *

# concepts: fill square of cell
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid > 0):
        grid[x - 1:x + 2, y - 1:y + 2] = Color.BLUE
    return grid
