from common import *

# concepts: copies of cells in opposite corners
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    for a, b in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        color = input_grid[x + 1 - a, y + 1 - b]
        c, d = (x + 2 if a else max(0, x - 2)), (y + 2 if b else max(0, y - 2))
        grid[c:(x if a == 0 else c + 2), d:(y if b == 0 else d + 2)] = color
    return grid
