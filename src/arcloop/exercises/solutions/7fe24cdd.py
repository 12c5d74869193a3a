from common import *

# concepts: four turned copies
def transform(input_grid):
    top = np.hstack([input_grid, np.rot90(input_grid, -1)])
    bottom = np.hstack([np.rot90(input_grid), np.rot90(input_grid, 2)])
    grid = np.vstack([top, bottom])
    return grid
