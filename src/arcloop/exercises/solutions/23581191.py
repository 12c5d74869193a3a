from common import *

# concepts: cross lines, mark crossing
def transform(input_grid):
    grid = input_grid.copy()
    cells = np.argwhere(input_grid > 0)
    for x, y in cells:
        grid[:, y] = input_grid[x, y]
    for x, y in cells:
        grid[x] = input_grid[x, y]
    for x, y in cells:
        for a, b in cells:
            if x != a:
                grid[x, b] = Color.RED
    return grid
