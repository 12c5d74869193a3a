from common import *

# concepts: connect equal ends
def transform(input_grid):
    grid = input_grid.copy()
    for row in grid:
        if row[0] == row[-1]:
            row[:] = row[0]
    return grid
