from common import *

# concepts: fill interior, remove frame
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for obj in find_connected_components(input_grid):
        x, y, w, h = bounding_box(obj)
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = Color.GREEN
    return grid
