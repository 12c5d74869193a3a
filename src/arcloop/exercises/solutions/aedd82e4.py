from common import *

# concepts: recolor lone cells
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(grid, connectivity=4):
        if np.count_nonzero(obj) == 1:
            grid[obj > 0] = Color.BLUE
    return grid
