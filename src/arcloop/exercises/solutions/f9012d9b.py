from common import *

# concepts: fill hole of tiling
def transform(input_grid):
    x, y, w, h = bounding_box(input_grid == Color.BLACK)
    n = len(input_grid)
    for period in range(1, n):
        grid = input_grid.copy()
        for a, b in np.argwhere(input_grid == Color.BLACK):
            part = input_grid[a % period::period, b % period::period]
            grid[a, b] = part.max()
        if np.array_equal(grid[period:], grid[:-period]) and np.array_equal(grid[:, period:], grid[:, :-period]):
            break
    grid = grid[x:x + w, y:y + h]
    return grid
