from common import *

# concepts: remove repeated rows
def transform(input_grid):
    rows = [row for i, row in enumerate(input_grid) if i == 0 or not np.array_equal(row, input_grid[i - 1])]
    grid = np.array(rows)
    columns = [column for j, column in enumerate(grid.T) if j == 0 or not np.array_equal(column, grid.T[j - 1])]
    grid = np.array(columns).T
    return grid
