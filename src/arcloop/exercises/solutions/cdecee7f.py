from common import *

# concepts: cells in column order
def transform(input_grid):
    cells = [input_grid[x, y] for y in range(10) for x in range(10) if input_grid[x, y] > 0]
    grid = np.zeros(9, dtype=int)
    grid[:len(cells)] = cells
    grid = grid.reshape(3, 3)
    grid[1] = grid[1][::-1]
    return grid
