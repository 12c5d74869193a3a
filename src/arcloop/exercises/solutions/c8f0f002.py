from common import *

# concepts: recolor
def transform(input_grid):
    grid = np.where(input_grid == Color.ORANGE, Color.GRAY, input_grid)
    return grid
