from common import *

# concepts: count objects, bar
def transform(input_grid):
    blue = np.where(input_grid == Color.BLUE, input_grid, 0)
    count = sum(np.count_nonzero(obj) == 4 for obj in find_connected_components(blue))
    grid = np.zeros((1, 5), dtype=int)
    grid[0, :count] = Color.BLUE
    return grid
