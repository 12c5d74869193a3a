from common import *

# concepts: recolor extremes, remove others
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    objects = sorted(find_connected_components(input_grid), key=np.count_nonzero)
    grid[objects[-1] > 0] = Color.BLUE
    grid[objects[0] > 0] = Color.RED
    return grid
