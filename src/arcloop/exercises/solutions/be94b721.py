from common import *

# concepts: crop largest object
def transform(input_grid):
    objects = find_connected_components(input_grid)
    obj = max(objects, key=np.count_nonzero)
    grid = crop(obj)
    return grid
