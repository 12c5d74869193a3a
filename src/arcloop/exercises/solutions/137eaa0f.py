from common import *

# concepts: overlay around gray
def transform(input_grid):
    grid = np.zeros((3, 3), dtype=int)
    for x, y in np.argwhere(input_grid == Color.GRAY):
        grid = np.maximum(grid, np.where(input_grid[x - 1:x + 2, y - 1:y + 2] == Color.GRAY, 0, input_grid[x - 1:x + 2, y - 1:y + 2]))
    grid[1, 1] = Color.GRAY
    return grid
