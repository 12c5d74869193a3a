from common import *

# concepts: transpose
def transform(input_grid):
    grid = input_grid.T
    return grid
