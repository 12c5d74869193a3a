from common import *

# concepts: most frequent object
def transform(input_grid):
    objects = [crop(obj) for obj in find_connected_components(input_grid, connectivity=8)]
    grid = max(objects, key=lambda a: sum(np.array_equal(a, b) for b in objects))
    return grid
