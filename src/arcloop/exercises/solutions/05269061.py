from common import *

# concepts: diagonal stripes
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for x, y in np.argwhere(input_grid > 0):
        for a in range(7):
            for b in range(7):
                if (a + b - x - y) % 3 == 0:
                    grid[a, b] = input_grid[x, y]
    return grid
