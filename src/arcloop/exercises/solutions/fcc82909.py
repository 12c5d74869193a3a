from common import *

# concepts: bars below, as long as colors
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid, monochromatic=False):
        x, y, w, h = bounding_box(obj)
        grid[x + w:x + w + len(object_colors(obj)), y:y + h] = Color.GREEN
    return grid
