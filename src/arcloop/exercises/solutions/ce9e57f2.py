from common import *

# concepts: recolor lower half
def transform(input_grid):
    grid = input_grid.copy()
    for y in range(grid.shape[1]):
        n = np.count_nonzero(input_grid[:, y])
        if n > 1:
            grid[len(grid) - n // 2:, y] = Color.PURPLE
    return grid
