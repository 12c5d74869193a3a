from common import *

# concepts: gravity down
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    h = len(grid)
    for y in range(grid.shape[1]):
        cells = input_grid[input_grid[:, y] > 0, y]
        grid[h - len(cells):, y] = cells
    return grid
