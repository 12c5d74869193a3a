from common import *

# concepts: largest frame to color
def transform(input_grid):
    obj = max(find_connected_components(input_grid), key=lambda obj: crop(obj).size)
    grid = np.full((2, 2), obj.max())
    return grid
