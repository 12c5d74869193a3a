from common import *

# concepts: connect cells in line
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid > 0):
        for a, b in np.argwhere(input_grid > 0):
            if x == a or y == b:
                part = grid[x:a + 1, y:b + 1]
                part[part == Color.BLACK] = Color.GREEN
    return grid
