from common import *

# concepts: fill between cells
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.BLUE):
        if y + 2 < grid.shape[1] and grid[x, y + 2] == Color.BLUE:
            grid[x, y + 1] = Color.RED
    return grid
