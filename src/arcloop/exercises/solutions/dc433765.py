from common import *

# concepts: move one step toward other
def transform(input_grid):
    grid = input_grid.copy()
    x, y = np.argwhere(grid == Color.GREEN)[0]
    a, b = np.argwhere(grid == Color.YELLOW)[0]
    grid[x, y] = Color.BLACK
    grid[x + np.sign(a - x), y + np.sign(b - y)] = Color.GREEN
    return grid
