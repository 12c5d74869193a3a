from common import *

# concepts: overlay quarters
def transform(input_grid):
    h, w = input_grid.shape
    a, b = input_grid[:h // 2, :w // 2], input_grid[:h // 2, w // 2:]
    c, d = input_grid[h // 2:, :w // 2], input_grid[h // 2:, w // 2:]
    grid = a
    for part in (d, c, b):
        grid = np.where(part > 0, part, grid)
    return grid
