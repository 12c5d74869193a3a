from common import *

# concepts: overlay panels
def transform(input_grid):
    a, b, c = input_grid[:, :4], input_grid[:, 5:9], input_grid[:, 10:]
    grid = np.where(b > 0, b, c)
    grid = np.where(a > 0, a, grid)
    return grid
