from common import *

# concepts: window with odd cell
def transform(input_grid):
    line = input_grid[np.array([len(np.unique(row)) == 1 for row in input_grid])][0, 0]
    objects = find_connected_components(np.where(input_grid == line, 0, input_grid), monochromatic=False)
    obj = max(objects, key=lambda obj: len(object_colors(obj)))
    grid = crop(obj)
    return grid
