from common import *

# concepts: crop, remove repeated rows
def transform(input_grid):
    grid = crop(input_grid)
    grid = np.array([row for i, row in enumerate(grid) if i == 0 or not np.array_equal(row, grid[i - 1])])
    grid = np.array([column for j, column in enumerate(grid.T) if j == 0 or not np.array_equal(column, grid.T[j - 1])]).T
    return grid
