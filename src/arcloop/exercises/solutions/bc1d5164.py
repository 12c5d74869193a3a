from common import *

# concepts: overlay quarters
def transform(input_grid):
    a, b = input_grid[:3, :3], input_grid[:3, -3:]
    c, d = input_grid[-3:, :3], input_grid[-3:, -3:]
    grid = np.maximum(np.maximum(a, b), np.maximum(c, d))
    return grid
