from common import *

# concepts: recolor
def transform(input_grid):
    grid = np.where(input_grid == Color.PINK, Color.RED, input_grid)
    return grid
