from common import *

# concepts: fill inside, ray through opening
def transform(input_grid):
    grid = input_grid.copy()
    x, y, w, h = bounding_box(input_grid)
    part = grid[x:x + w, y:y + h]
    part[part == Color.BLACK] = Color.PURPLE
    for a, b in np.argwhere(part == Color.PURPLE) + [x, y]:
        for direction in [(-1, 0), (1, 0), (0, -1), (0, 1)]:
            c, d = a + direction[0], b + direction[1]
            if not (x <= c < x + w and y <= d < y + h):
                draw_line(grid, a, b, direction=direction, color=Color.PURPLE)
    return grid
