from common import *

# concepts: count rooms
def transform(input_grid):
    color = [row[0] for row in input_grid if len(np.unique(row)) == 1][0]
    h = sum(len(np.unique(row)) == 1 for row in input_grid) + 1
    w = sum(len(np.unique(column)) == 1 for column in input_grid.T) + 1
    grid = np.full((h, w), [c for c in np.unique(input_grid) if c != color][0])
    return grid
