from common import *

# concepts: keep middle column
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    y = input_grid.shape[1] // 2
    grid[:, y] = input_grid[:, y]
    return grid
