from common import *

# concepts: bring other line to front
def transform(input_grid):
    grid = input_grid.copy()
    rows = np.flatnonzero([row.all() for row in input_grid])
    columns = np.flatnonzero([column.all() for column in input_grid.T])
    front = grid[rows[0], columns[0]]
    colors = object_colors(input_grid)
    grid[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] = [c for c in colors if c != front][0]
    return grid
