from common import *

# concepts: move cross by cells
def transform(input_grid):
    n = np.sum(input_grid == Color.GRAY)
    grid = np.zeros_like(input_grid)
    x = [i for i, row in enumerate(input_grid) if np.sum(row > 0) > 8][0]
    y = [j for j, column in enumerate(input_grid.T) if np.sum(column > 0) > 8][0]
    grid[x + n] = input_grid[x, 0]
    grid[:, y - n] = input_grid[x, 0]
    return grid
