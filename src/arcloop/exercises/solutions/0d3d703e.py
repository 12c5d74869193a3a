from common import *

# concepts: color table
def transform(input_grid):
    colors = {1: 5, 2: 6, 3: 4, 4: 3, 5: 1, 6: 2, 8: 9, 9: 8}
    grid = input_grid.copy()
    for a, b in colors.items():
        grid[input_grid == a] = b
    return grid
