from common import *

# concepts: sort rows by length, move right
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    rows = sorted(input_grid, key=np.count_nonzero)
    for x, row in enumerate(rows):
        count = np.count_nonzero(row)
        grid[x, len(row) - count:] = row[row > 0]
    return grid
