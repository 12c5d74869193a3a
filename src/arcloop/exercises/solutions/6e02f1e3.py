from common import *

# concepts: count colors to line
def transform(input_grid):
    count = len(np.unique(input_grid))
    grid = np.zeros_like(input_grid)
    for i in range(3):
        grid[[0, i, i][count - 1], [i, i, 2 - i][count - 1]] = Color.GRAY
    return grid
