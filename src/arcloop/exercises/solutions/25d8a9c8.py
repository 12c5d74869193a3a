from common import *

# concepts: uniform rows
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for x, row in enumerate(input_grid):
        if len(np.unique(row)) == 1:
            grid[x] = Color.GRAY
    return grid
