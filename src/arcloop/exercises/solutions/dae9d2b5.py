from common import *

# concepts: halves, either
def transform(input_grid):
    w = input_grid.shape[1] // 2
    a, b = input_grid[:, :w], input_grid[:, w:]
    grid = np.where((a > 0) | (b > 0), Color.PINK, Color.BLACK)
    return grid
