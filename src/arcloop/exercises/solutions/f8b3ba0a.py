from common import *

# concepts: colors in order of count
def transform(input_grid):
    colors = sorted(object_colors(input_grid), key=lambda c: -np.sum(input_grid == c))
    grid = np.array([[c] for c in colors[1:]])
    return grid
