from common import *

# concepts: complete rotational symmetry
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    n = max(w, h)
    part = input_grid[x:x + n, y + h - n:y + h]
    turned = np.rot90(part, -1)
    for a, b in np.argwhere((turned > 0) & (part == 0)):
        grid[x + a, y + h - n + b] = Color.RED
    return grid
