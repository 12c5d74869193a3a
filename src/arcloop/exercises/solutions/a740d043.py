from common import *

# concepts: crop, recolor background
def transform(input_grid):
    grid = crop(input_grid, background=Color.BLUE)
    grid = np.where(grid == Color.BLUE, Color.BLACK, grid)
    return grid
