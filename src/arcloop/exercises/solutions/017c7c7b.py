from common import *

# concepts: recolor, continue pattern
def transform(input_grid):
    grid = np.where(input_grid > 0, Color.RED, Color.BLACK)
    period = [p for p in range(1, 5) if np.array_equal(grid[p:], grid[:-p])][0]
    grid = np.array([grid[x % period] for x in range(9)])
    return grid
