from common import *

# concepts: repeat at color
def transform(input_grid):
    grid = np.kron(input_grid == Color.RED, input_grid)
    return grid
