from common import *

# concepts: count objects, diagonal
def transform(input_grid):
    n = len(find_connected_components(input_grid))
    grid = np.eye(n, dtype=int) * Color.PURPLE
    return grid
