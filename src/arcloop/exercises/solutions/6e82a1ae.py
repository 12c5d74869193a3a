from common import *

# concepts: color by size
def transform(input_grid):
    grid = input_grid.copy()
    colors = {2: Color.GREEN, 3: Color.RED, 4: Color.BLUE}
    for obj in find_connected_components(input_grid):
        grid[obj > 0] = colors[np.count_nonzero(obj)]
    return grid
