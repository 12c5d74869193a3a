from common import *

# concepts: crop, quarter
def transform(input_grid):
    grid = crop(input_grid)
    grid = grid[:len(grid) // 2, :grid.shape[1] // 2]
    return grid
