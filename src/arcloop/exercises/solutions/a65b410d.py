from common import *

# concepts: triangle around bar
def transform(input_grid):
    grid = input_grid.copy()
    x = np.argwhere(input_grid == Color.RED)[0, 0]
    n = np.sum(input_grid == Color.RED)
    for a in range(len(grid)):
        grid[a, :max(0, n + x - a)] = Color.GREEN if a < x else Color.RED if a == x else Color.BLUE
    return grid
