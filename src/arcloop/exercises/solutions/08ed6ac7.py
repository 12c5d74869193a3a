from common import *

# concepts: recolor by rank
def transform(input_grid):
    grid = input_grid.copy()
    objects = sorted(find_connected_components(input_grid), key=lambda obj: -np.count_nonzero(obj))
    for obj, color in zip(objects, [Color.BLUE, Color.RED, Color.GREEN, Color.YELLOW]):
        grid[obj > 0] = color
    return grid
