from common import *

# concepts: unique color, ring
def transform(input_grid):
    counts = np.bincount(input_grid.ravel(), minlength=10)
    color = [c for c in range(1, 10) if counts[c] == 1][0]
    x, y = np.argwhere(input_grid == color)[0]
    grid = np.zeros_like(input_grid)
    grid[max(0, x - 1):x + 2, max(0, y - 1):y + 2] = Color.RED
    grid[x, y] = color
    return grid
