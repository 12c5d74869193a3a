from common import *

# concepts: cells into square
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    x, y, w, h = bounding_box(input_grid == Color.PURPLE)
    for a, b in np.argwhere((input_grid > 0) & (input_grid != Color.PURPLE)):
        grid[min(max(a, x), x + 1), min(max(b, y), y + 1)] = input_grid[a, b]
    return grid
