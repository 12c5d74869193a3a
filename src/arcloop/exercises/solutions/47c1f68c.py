from common import *

# concepts: keep mirrored quarter, recolor
def transform(input_grid):
    x = [i for i, row in enumerate(input_grid) if row.all()][0]
    color = input_grid[x, 0]
    n = x
    part = max([input_grid[:n, :n], input_grid[:n, n + 1:], input_grid[n + 1:, :n], input_grid[n + 1:, n + 1:]], key=np.count_nonzero)
    part = np.where(part > 0, color, 0)
    half = np.hstack([part, np.fliplr(part)])
    grid = np.vstack([half, np.flipud(half)])
    return grid
