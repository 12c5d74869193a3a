from common import *

# concepts: surrounded cell
def transform(input_grid):
    grid = np.zeros((1, 1), dtype=int)
    for x, y in np.argwhere(input_grid > 0):
        part = input_grid[max(0, x - 1):x + 2, max(0, y - 1):y + 2]
        if np.count_nonzero(part) == 9:
            grid[0, 0] = input_grid[x, y] if np.sum(part == input_grid[x, y]) == 1 else grid[0, 0]
    return grid
