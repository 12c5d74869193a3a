from common import *

# concepts: smallest rectangle
def transform(input_grid):
    color = min(object_colors(input_grid), key=lambda c: np.sum(input_grid == c))
    grid = crop(np.where(input_grid == color, color, 0))
    return grid
