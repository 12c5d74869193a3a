from common import *

# concepts: paint corners, edges and inside
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        grid[x:x + w, y:y + h] = Color.YELLOW
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = Color.RED
        for a in (x, x + w - 1):
            for b in (y, y + h - 1):
                grid[a, b] = Color.BLUE
    return grid
