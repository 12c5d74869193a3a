from common import *

# concepts: mark crossings of edge cells
def transform(input_grid):
    grid = input_grid.copy()
    for x in range(1, 10):
        for y in range(9):
            if input_grid[x, 9] > 0 and input_grid[0, y] > 0:
                grid[x, y] = Color.RED
    return grid
