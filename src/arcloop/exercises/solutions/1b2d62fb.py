from common import *

# concepts: halves, neither
def transform(input_grid):
    w = input_grid.shape[1] // 2
    a, b = input_grid[:, :w] > 0, input_grid[:, w + 1:] > 0
    grid = np.where(~a & ~b, Color.PURPLE, Color.BLACK)
    return grid
