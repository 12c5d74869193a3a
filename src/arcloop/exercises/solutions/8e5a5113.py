from common import *

# concepts: turned copies in panels
def transform(input_grid):
    grid = input_grid.copy()
    part = input_grid[:, :3]
    grid[:, 4:7] = np.rot90(part, -1)
    grid[:, 8:] = np.rot90(part, 2)
    return grid
