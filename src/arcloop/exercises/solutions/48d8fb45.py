from common import *

# concepts: crop object below mark
def transform(input_grid):
    x, y = np.argwhere(input_grid == Color.GRAY)[0]
    grid = input_grid[x + 1:x + 4, y - 1:y + 2]
    return grid
