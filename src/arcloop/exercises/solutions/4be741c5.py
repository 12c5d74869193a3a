from common import *

# concepts: colors in order
def transform(input_grid):
    lines = input_grid if len(np.unique(input_grid[:, 0])) == 1 else input_grid.T
    colors = list(dict.fromkeys(lines[len(lines) // 2]))
    grid = np.array([colors])
    grid = grid if lines is input_grid else grid.T
    return grid
