from common import *

# concepts: columns to the right, joints
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    x, y = np.argwhere(input_grid > 0)[0]
    grid[:, y::2] = input_grid[x, y]
    grid[0, y + 1::4] = Color.GRAY
    grid[-1, y + 3::4] = Color.GRAY
    return grid
