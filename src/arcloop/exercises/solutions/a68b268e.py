from common import *

# concepts: overlay quarters
def transform(input_grid):
    a, b, c, d = input_grid[:4, :4], input_grid[:4, 5:], input_grid[5:, :4], input_grid[5:, 5:]
    grid = d
    for part in (c, b, a):
        grid = np.where(part > 0, part, grid)
    return grid
