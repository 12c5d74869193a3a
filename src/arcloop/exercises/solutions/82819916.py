from common import *

# concepts: repeat row pattern in other colors
def transform(input_grid):
    grid = input_grid.copy()
    pattern = [row for row in input_grid if row.all()][0]
    for row in grid:
        if row.any() and not row.all():
            a, b = row[0], row[pattern != pattern[0]][0]
            row[:] = np.where(pattern == pattern[0], a, b)
    return grid
