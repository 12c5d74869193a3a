from common import *

# concepts: recolor every third column
def transform(input_grid):
    grid = input_grid.copy()
    part = grid[:, ::3]
    part[part == Color.YELLOW] = Color.PINK
    return grid
