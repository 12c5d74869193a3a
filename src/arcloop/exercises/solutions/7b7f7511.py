from common import *

# concepts: half
def transform(input_grid):
    h, w = input_grid.shape
    grid = input_grid[:h // 2] if h > w else input_grid[:, :w // 2]
    return grid
