from common import *

# concepts: recolor columns from the right
def transform(input_grid):
    grid = input_grid.copy()
    part = grid[:, ::-1][:, ::2]
    part[part == Color.GRAY] = Color.GREEN
    return grid
