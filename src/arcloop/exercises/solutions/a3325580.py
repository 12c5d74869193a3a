from common import *

# concepts: largest objects as columns
def transform(input_grid):
    objects = find_connected_components(input_grid)
    n = max(np.count_nonzero(obj) for obj in objects)
    objects = sorted([obj for obj in objects if np.count_nonzero(obj) == n], key=lambda obj: object_position(obj)[1])
    grid = np.array([[obj.max() for obj in objects]] * n)
    return grid
