from common import *

# concepts: fill interior by size
def transform(input_grid):
    grid = input_grid.copy()
    objects = sorted(find_connected_components(input_grid), key=np.count_nonzero)
    for obj, color in zip(objects, [Color.BLUE, Color.RED]):
        x, y, w, h = bounding_box(obj)
        grid[x + 1:x + w - 1, y + 1:y + h - 1] = color
    return grid
