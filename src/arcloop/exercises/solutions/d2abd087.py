from common import *

# concepts: color by size
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(input_grid):
        grid[obj > 0] = Color.RED if np.count_nonzero(obj) == 6 else Color.BLUE
    return grid
