from common import *

# concepts: connect pairs diagonally
def transform(input_grid):
    grid = input_grid.copy()
    for color in object_colors(input_grid):
        (x, y), (a, b) = np.argwhere(input_grid == color)
        for i in range(a - x):
            grid[x + i, y + i * np.sign(b - y)] = color
    return grid
