from common import *

# concepts: shift rings
def transform(input_grid):
    grid = input_grid.copy()
    n = len(grid)
    colors = [input_grid[i, i] for i in range(n // 2)]
    table = {c: colors[i - 1] for i, c in enumerate(colors)}
    distinct = list(dict.fromkeys(colors))
    for i, c in enumerate(colors):
        grid[i:n - i, i:n - i] = distinct[distinct.index(c) - 1]
    return grid
