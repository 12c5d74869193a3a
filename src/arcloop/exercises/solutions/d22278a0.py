from common import *

# concepts: rings around corners
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    h, w = grid.shape
    corners = [(x, y) for x in (0, h - 1) for y in (0, w - 1) if input_grid[x, y] > 0]
    for x in range(h):
        for y in range(w):
            near = sorted(corners, key=lambda c: abs(x - c[0]) + abs(y - c[1]))
            a, b = near[0]
            tie = abs(x - near[1][0]) + abs(y - near[1][1]) == abs(x - a) + abs(y - b)
            if max(abs(x - a), abs(y - b)) % 2 == 0 and not tie:
                grid[x, y] = input_grid[a, b]
    return grid
