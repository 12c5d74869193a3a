from common import *

# concepts: count objects, place cells in order
def transform(input_grid):
    count = len(find_connected_components(input_grid))
    grid = np.zeros((3, 3), dtype=int)
    for x, y in [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)][:count]:
        grid[x, y] = Color.BLUE
    return grid
