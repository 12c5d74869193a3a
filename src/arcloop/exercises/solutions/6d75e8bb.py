from common import *

# concepts: fill box background
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    part = grid[x:x + w, y:y + h]
    part[part == Color.BLACK] = Color.RED
    return grid
