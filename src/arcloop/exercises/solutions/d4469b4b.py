from common import *

# concepts: color to shape
def transform(input_grid):
    color = input_grid.max()
    shapes = {2: [[5, 5, 5], [0, 5, 0], [0, 5, 0]], 1: [[0, 5, 0], [5, 5, 5], [0, 5, 0]], 3: [[0, 0, 5], [0, 0, 5], [5, 5, 5]]}
    grid = np.array(shapes[color])
    return grid
