from common import *

# concepts: shift upper part
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for color in object_colors(input_grid):
        x, y, w, h = bounding_box(input_grid == color)
        part = input_grid[x:x + w, y:y + h] == color
        for i in range(w - 1):
            row = np.flatnonzero(part[i])
            for j in row:
                grid[x + i, min(y + j + 1, y + h - 1)] = color
        grid[x + w - 1, y:y + h] = part[-1] * color
    return grid
