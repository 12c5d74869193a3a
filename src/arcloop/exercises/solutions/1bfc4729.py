from common import *

# concepts: frame with rows
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for half in (0, 5):
        color = input_grid[half:half + 5].max()
        grid[half:half + 5, [0, -1]] = color
        x = np.argwhere(input_grid == color)[0, 0]
        grid[[x, 0 if half == 0 else 9]] = color
    return grid
