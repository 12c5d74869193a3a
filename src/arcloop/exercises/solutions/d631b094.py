from common import *

# concepts: count cells, row of colors
def transform(input_grid):
    cells = input_grid[input_grid != Color.BLACK]
    grid = cells[None]
    return grid
