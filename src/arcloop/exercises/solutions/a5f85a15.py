from common import *

# concepts: recolor every second column
def transform(input_grid):
    grid = input_grid.copy()
    part = grid[:, 1::2]
    part[part > 0] = Color.YELLOW
    return grid
