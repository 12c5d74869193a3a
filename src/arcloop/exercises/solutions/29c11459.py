from common import *

# concepts: connect ends with middle
def transform(input_grid):
    grid = input_grid.copy()
    for row in grid:
        if row[0] > 0:
            row[1:5] = row[0]
            row[6:-1] = row[-1]
            row[5] = Color.GRAY
    return grid
