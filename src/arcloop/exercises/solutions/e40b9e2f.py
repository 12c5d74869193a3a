from common import *

# concepts: complete symmetry
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    n = max(w, h)
    objects = find_connected_components(input_grid, connectivity=8, monochromatic=False)
    symmetries = detect_rotational_symmetry(input_grid, ignore_colors=[Color.BLACK])
    for a, b in np.argwhere(input_grid > 0):
        for c, d in orbit(input_grid, a, b, [symmetries]):
            grid[c, d] = input_grid[a, b]
    return grid
