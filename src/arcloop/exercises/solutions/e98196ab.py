from common import *

# concepts: halves, overlay
def transform(input_grid):
    h = len(input_grid) // 2
    a, b = input_grid[:h], input_grid[h + 1:]
    grid = np.where(a > 0, a, b)
    return grid
