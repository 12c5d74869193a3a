from common import *

# concepts: reverse rings
def transform(input_grid):
    grid = input_grid.copy()
    n = len(grid)
    colors = [input_grid[i, i] for i in range(n // 2)]
    for i, color in enumerate(reversed(colors)):
        grid[i:n - i, i:n - i] = color
    return grid
