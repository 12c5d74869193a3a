from common import *

# concepts: recolor same shape
def transform(input_grid):
    grid = input_grid.copy()
    shape = crop(input_grid[:3, :3] > 0)
    objects = find_connected_components(input_grid)
    for obj in objects:
        if np.array_equal(crop(obj) > 0, shape) and object_position(obj) != (0, 0) and object_position(obj)[0] + object_position(obj)[1] > 2:
            grid[obj > 0] = Color.GRAY
    return grid
