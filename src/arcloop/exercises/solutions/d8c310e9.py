from common import *

# concepts: continue pattern to the right
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    n = np.flatnonzero(input_grid[-1])[-1] + 1
    period = [p for p in range(1, n) if np.array_equal(input_grid[:, p:n], input_grid[:, :n - p])][0]
    for y in range(n, w):
        grid[:, y] = grid[:, y - period]
    return grid
