from common import *

# concepts: fill interior by size
def transform(input_grid):
    grid = input_grid.copy()
    colors = {3: Color.PINK, 4: Color.ORANGE, 5: Color.PURPLE}
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = colors[w]
    return grid
