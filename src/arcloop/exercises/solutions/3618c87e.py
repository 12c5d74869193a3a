from common import *

# concepts: drop cells to floor
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.BLUE):
        grid[x, y] = Color.GRAY
        grid[-1, y] = Color.BLUE
    for x, y in np.argwhere(input_grid == Color.BLUE):
        grid[x, y] = Color.BLACK
        grid[x + 1, y] = Color.GRAY
        grid[-1, y] = Color.BLUE
    return grid
