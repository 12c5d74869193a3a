from common import *

# concepts: extend diagonal tail
def transform(input_grid):
    grid = input_grid.copy()
    objects = sorted(find_connected_components(input_grid, connectivity=4), key=np.count_nonzero)
    square = objects[-1]
    x, y = object_position(square)
    for obj in objects[:-1]:
        a, b = object_position(obj)
        draw_line(grid, a, b, direction=(1 if a > x else -1, 1 if b > y else -1), color=obj.max())
    return grid
