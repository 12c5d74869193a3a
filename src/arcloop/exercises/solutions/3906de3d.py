from common import *

# concepts: move bars up
def transform(input_grid):
    grid = np.where(input_grid == Color.RED, 0, input_grid)
    for y in range(10):
        count = np.sum(input_grid[:, y] == Color.RED)
        free = np.flatnonzero(grid[:, y] == Color.BLACK)
        free = [x for x in free if not grid[x:, y].any()] or [0]
        grid[free[0]:free[0] + count, y] = Color.RED
    return grid
