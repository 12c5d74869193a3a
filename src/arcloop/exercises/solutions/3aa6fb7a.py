from common import *

# concepts: corner of elbows
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        part = grid[x:x + w, y:y + h]
        part[part == Color.BLACK] = Color.BLUE
    return grid
