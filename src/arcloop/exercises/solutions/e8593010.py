from common import *

# concepts: color by size
def transform(input_grid):
    grid = input_grid.copy()
    colors = {1: Color.GREEN, 2: Color.RED, 3: Color.BLUE}
    for obj in find_connected_components(input_grid == Color.BLACK):
        grid[obj > 0] = colors[np.count_nonzero(obj)]
    return grid
