from common import *

# concepts: recolor by cell above
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(np.where(input_grid == Color.GRAY, input_grid, 0)):
        x, y, w, h = bounding_box(obj)
        grid[obj > 0] = input_grid[0, y:y + h].max()
    return grid
