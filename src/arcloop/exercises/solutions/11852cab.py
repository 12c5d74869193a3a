from common import *

# concepts: complete symmetry
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    part = grid[x:x + w, y:y + h]
    for turned in (np.rot90(part), np.rot90(part, 2), np.rot90(part, 3)):
        part[:] = np.where(part > 0, part, turned)
    return grid
