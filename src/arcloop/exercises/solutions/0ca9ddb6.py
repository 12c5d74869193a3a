from common import *

# concepts: mark around cells
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.BLUE):
        for a, b in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            grid[x + a, y + b] = Color.ORANGE
    for x, y in np.argwhere(input_grid == Color.RED):
        for a, b in [(-1, -1), (1, -1), (-1, 1), (1, 1)]:
            grid[x + a, y + b] = Color.YELLOW
    return grid
