from common import *

# concepts: fill box of color
def transform(input_grid):
    grid = input_grid.copy()
    for color in object_colors(input_grid):
        x, y, w, h = bounding_box(input_grid == color)
        grid[x:x + w, y:y + h] = color
    return grid
