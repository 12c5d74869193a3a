from common import *

# concepts: mark below opening
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        grid[-1, y + h // 2] = Color.YELLOW
    return grid
