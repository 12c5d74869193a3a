from common import *

# concepts: fill interior
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = Color.PURPLE
    return grid
