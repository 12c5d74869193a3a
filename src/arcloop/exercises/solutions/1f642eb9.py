from common import *

# concepts: project cells onto rectangle
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid == Color.PURPLE)
    for a, b in np.argwhere((input_grid > 0) & (input_grid != Color.PURPLE)):
        grid[min(max(a, x), x + w - 1), min(max(b, y), y + h - 1)] = input_grid[a, b]
    return grid
