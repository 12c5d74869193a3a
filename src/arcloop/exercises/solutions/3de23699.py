from common import *

# concepts: crop inside corners, recolor
def transform(input_grid):
    obj = min(find_connected_components(input_grid, connectivity=8), key=lambda obj: np.count_nonzero(obj))
    colors = sorted(object_colors(input_grid), key=lambda c: np.sum(input_grid == c))
    x, y, w, h = bounding_box(input_grid == colors[0])
    grid = input_grid[x + 1:x + w - 1, y + 1:y + h - 1]
    grid = np.where(grid > 0, colors[0], 0)
    return grid
