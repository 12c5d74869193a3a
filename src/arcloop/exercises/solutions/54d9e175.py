from common import *

# concepts: panel of color
def transform(input_grid):
    grid = input_grid.copy()
    for x in range(1, len(grid), 4):
        for y in (1, 5, 9):
            grid[x - 1:x + 2, y - 1:y + 2] = input_grid[x, y] + 5
    return grid
