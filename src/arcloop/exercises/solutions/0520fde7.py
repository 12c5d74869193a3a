from common import *

# concepts: halves, both
def transform(input_grid):
    w = input_grid.shape[1] // 2
    a, b = input_grid[:, :w], input_grid[:, w + 1:]
    grid = np.where((a > 0) & (b > 0), Color.RED, Color.BLACK)
    return grid
