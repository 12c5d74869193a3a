from common import *

# concepts: growing rows
def transform(input_grid):
    w = input_grid.shape[1]
    color = input_grid[0, 0]
    count = np.count_nonzero(input_grid)
    grid = np.zeros((w // 2, w), dtype=int)
    for x in range(w // 2):
        grid[x, :count + x] = color
    return grid
