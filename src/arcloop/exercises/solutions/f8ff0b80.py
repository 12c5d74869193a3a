from common import *

# concepts: colors by size
def transform(input_grid):
    objects = sorted(find_connected_components(input_grid, connectivity=8), key=lambda obj: -np.count_nonzero(obj))
    grid = np.array([[obj.max()] for obj in objects])
    return grid
