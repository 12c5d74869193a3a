from common import *

# concepts: column to color
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    for x, row in enumerate(input_grid):
        grid[x] = [Color.RED, Color.YELLOW, Color.GREEN][np.argmax(row)]
    return grid
