from common import *

# concepts: symmetric object
def transform(input_grid):
    objects = find_connected_components(input_grid)
    obj = [obj for obj in objects if np.array_equal(crop(obj), np.fliplr(crop(obj)))][0]
    grid = crop(obj)
    return grid
