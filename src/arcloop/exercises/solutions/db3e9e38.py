from common import *

# concepts: spreading columns
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    y = np.flatnonzero(input_grid[0])[0]
    n = np.count_nonzero(input_grid)
    for j in range(w):
        grid[:max(0, n - abs(j - y)), j] = Color.ORANGE if (j - y) % 2 == 0 else Color.PURPLE
    return grid
