from common import *

# concepts: swap colors, add border
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid, monochromatic=False):
        x, y, w, h = bounding_box(obj)
        a, b = input_grid[x, y], input_grid[x + 1, y + 1]
        n = w - 2
        grid[x - n:x + w + n, y:y + h] = a
        grid[x:x + w, y - n:y + h + n] = a
        grid[x:x + w, y:y + h] = b
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = a
    return grid
