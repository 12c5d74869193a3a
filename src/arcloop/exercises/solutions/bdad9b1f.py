from common import *

# concepts: extend lines, mark crossing
def transform(input_grid):
    grid = input_grid.copy()
    x = np.argwhere(input_grid == Color.RED)[0, 0]
    y = np.argwhere(input_grid == Color.PURPLE)[0, 1]
    grid[x] = Color.RED
    grid[:, y] = Color.PURPLE
    grid[x, y] = Color.YELLOW
    return grid
