from common import *

# concepts: crop, flip
def transform(input_grid):
    grid = np.fliplr(crop(input_grid))
    return grid
