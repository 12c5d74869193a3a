from common import *

# concepts: spiral
def transform(input_grid):
    grid = input_grid.copy()
    n = len(grid)
    x, y, step = 0, 0, (0, 1)
    for length in [n - 1] * 3 + [k for m in range(n - 3, 0, -2) for k in (m, m)]:
        for i in range(length):
            grid[x, y] = Color.GREEN
            x, y = x + step[0], y + step[1]
        grid[x, y] = Color.GREEN
        step = (step[1], -step[0])
    return grid
