from common import *

# concepts: fold right half over left
def transform(input_grid):
    a, b = input_grid[:, :4], np.fliplr(input_grid[:, 5:])
    grid = np.maximum(a, b)
    return grid
