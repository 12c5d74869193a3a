from common import *

# concepts: repeat by number of empty cells
def transform(input_grid):
    n = np.count_nonzero(input_grid)
    side = 3 * (9 - n)
    grid = np.zeros((side, side), dtype=int)
    for i in range(n):
        blit_sprite(grid, input_grid, 3 * (i // (9 - n)), 3 * (i % (9 - n)))
    return grid
