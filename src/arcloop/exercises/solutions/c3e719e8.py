from common import *

# concepts: repeat at most common color
def transform(input_grid):
    color = np.bincount(input_grid.ravel()).argmax()
    grid = np.kron(input_grid == color, input_grid)
    return grid
