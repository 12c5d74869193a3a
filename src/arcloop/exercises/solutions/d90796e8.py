from common import *

# concepts: touching pair to one
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    for x, y in np.argwhere(input_grid == Color.GREEN):
        for a, b in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]:
            if 0 <= a < h and 0 <= b < w and input_grid[a, b] == Color.RED:
                grid[x, y], grid[a, b] = Color.PURPLE, Color.BLACK
    return grid
