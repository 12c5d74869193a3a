from common import *

# concepts: cross in the middle
def transform(input_grid):
    grid = input_grid.copy()
    (x, y), (a, b) = np.argwhere(input_grid == Color.BLUE)
    x, y = (x + a) // 2, (y + b) // 2
    grid[x - 1:x + 2, y] = grid[x, y - 1:y + 2] = Color.GREEN
    return grid
