from common import *

# concepts: four mirrored copies
def transform(input_grid):
    half = np.hstack([input_grid, np.fliplr(input_grid)])
    grid = np.vstack([half, np.flipud(half)])
    return grid
