from common import *

# concepts: fill between cells of a row
def transform(input_grid):
    grid = input_grid.copy()
    for row in grid:
        for color in object_colors(row[None]):
            y = np.flatnonzero(row == color)
            row[y[0]:y[-1] + 1] = color
    return grid
