from common import *

# concepts: halves, neither
def transform(input_grid):
    h = len(input_grid) // 2
    a, b = input_grid[:h] > 0, input_grid[h + 1:] > 0
    grid = np.where(~a & ~b, Color.GREEN, Color.BLACK)
    return grid
