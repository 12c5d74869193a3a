from common import *

# concepts: recolor by rank
def transform(input_grid):
    grid = input_grid.copy()
    objects = sorted(find_connected_components(input_grid), key=np.count_nonzero)
    for obj, color in zip(objects, [Color.RED, Color.YELLOW, Color.BLUE]):
        grid[obj > 0] = color
    return grid
