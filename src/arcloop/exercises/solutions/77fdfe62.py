from common import *

# concepts: quarters recolored by corners
def transform(input_grid):
    n = len(input_grid) // 2 - 2
    shape = input_grid[2:-2, 2:-2]
    corners = np.array([[input_grid[0, 0], input_grid[0, -1]], [input_grid[-1, 0], input_grid[-1, -1]]])
    grid = np.where(shape > 0, scale_sprite(corners, len(shape) // 2), 0)
    return grid
