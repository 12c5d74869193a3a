from common import *

# concepts: surround cells
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.RED):
        part = grid[max(0, x - 1):x + 2, max(0, y - 1):y + 2]
        part[part == Color.BLACK] = Color.BLUE
    return grid
