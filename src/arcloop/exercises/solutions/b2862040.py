from common import *

# concepts: recolor objects with holes
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(np.where(input_grid == Color.BLUE, input_grid, 0)):
        if object_interior(obj).sum() > np.count_nonzero(obj):
            grid[obj > 0] = Color.PURPLE
    return grid
