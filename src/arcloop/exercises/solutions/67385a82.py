from common import *

# concepts: recolor large objects
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(grid, connectivity=4):
        if np.count_nonzero(obj) > 2:
            grid[obj > 0] = Color.PURPLE
    return grid
