from common import *

# concepts: crop, swap colors
def transform(input_grid):
    grid = crop(input_grid)
    a, b = object_colors(grid)
    grid = np.where(grid == a, b, a)
    return grid
