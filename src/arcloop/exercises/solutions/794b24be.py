from common import *

# concepts: count cells, place cells in order
def transform(input_grid):
    count = np.sum(input_grid == Color.BLUE)
    grid = np.zeros_like(input_grid)
    for x, y in [(0, 0), (0, 1), (0, 2), (1, 1)][:count]:
        grid[x, y] = Color.RED
    return grid
