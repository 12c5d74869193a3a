from common import *

# concepts: diagonal rays from squares
def transform(input_grid):
    grid = input_grid.copy()
    for color, step in [(Color.BLUE, -1), (Color.RED, 1)]:
        x, y, w, h = bounding_box(input_grid == color)
        draw_line(grid, x + (step > 0), y + (step > 0), direction=(step, step), color=color)
    return grid
