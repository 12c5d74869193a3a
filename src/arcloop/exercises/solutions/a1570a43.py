from common import *

# concepts: move object to corners
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid == Color.GREEN)
    obj = np.where(input_grid == Color.RED, input_grid, 0)
    a, b = object_position(obj)
    grid[grid == Color.RED] = Color.BLACK
    grid = blit_object(grid, translate(obj, x + 1 - a, y + 1 - b))
    return grid
