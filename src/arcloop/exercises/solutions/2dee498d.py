from common import *

# concepts: first third
def transform(input_grid):
    w = input_grid.shape[1]
    grid = input_grid[:, :w // 3]
    return grid
