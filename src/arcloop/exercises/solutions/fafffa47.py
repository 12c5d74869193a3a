from common import *

# concepts: halves, neither
def transform(input_grid):
    h = input_grid.shape[0] // 2
    a, b = input_grid[:h], input_grid[h:]
    grid = np.where((a == 0) & (b == 0), Color.RED, Color.BLACK)
    return grid
