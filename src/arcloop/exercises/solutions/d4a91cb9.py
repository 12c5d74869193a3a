from common import *

# concepts: elbow between cells
def transform(input_grid):
    grid = input_grid.copy()
    x, y = np.argwhere(input_grid == Color.PURPLE)[0]
    a, b = np.argwhere(input_grid == Color.RED)[0]
    grid[min(x, a):max(x, a) + 1, y] = Color.YELLOW
    grid[a, min(y, b):max(y, b) + 1] = Color.YELLOW
    grid[x, y], grid[a, b] = Color.PURPLE, Color.RED
    return grid
