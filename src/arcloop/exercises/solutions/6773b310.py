from common import *

# concepts: panels with two cells
def transform(input_grid):
    grid = np.zeros((3, 3), dtype=int)
    for i in range(3):
        for j in range(3):
            block = input_grid[4 * i:4 * i + 3, 4 * j:4 * j + 3]
            grid[i, j] = np.sum(block == Color.PINK) > 1
    return grid
