from common import *

# concepts: crop inside corners
def transform(input_grid):
    x, y, w, h = bounding_box(input_grid == Color.GRAY)
    grid = input_grid[x - 1:x + w + 1, y:y + h]
    return grid
