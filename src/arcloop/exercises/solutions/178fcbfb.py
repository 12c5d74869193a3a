from common import *

# concepts: rows over columns
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.RED):
        grid[:, y] = Color.RED
    for x, y in np.argwhere((input_grid == Color.GREEN) | (input_grid == Color.BLUE)):
        grid[x] = input_grid[x, y]
    return grid
