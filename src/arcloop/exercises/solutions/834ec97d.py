from common import *

# concepts: move down, columns above
def transform(input_grid):
    x, y = np.argwhere(input_grid > 0)[0]
    grid = np.zeros_like(input_grid)
    grid[:x + 1, y % 2::2] = Color.YELLOW
    grid[x + 1, y] = input_grid[x, y]
    return grid
