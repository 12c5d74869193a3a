from common import *

# concepts: ring around crossing
def transform(input_grid):
    grid = input_grid.copy()
    x = [i for i, row in enumerate(input_grid) if np.count_nonzero(row) == len(row)][0]
    y = [j for j, column in enumerate(input_grid.T) if np.count_nonzero(column) == len(column)][0]
    center = grid[x, y]
    grid[x - 1:x + 2, y - 1:y + 2] = Color.YELLOW
    grid[x, y] = center
    return grid
