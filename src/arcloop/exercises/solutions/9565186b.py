from common import *

# concepts: most common color, recolor the rest
def transform(input_grid):
    color = np.bincount(input_grid.ravel()).argmax()
    grid = np.where(input_grid == color, color, Color.GRAY)
    return grid
