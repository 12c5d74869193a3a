from common import *

# concepts: ring around cells
def transform(input_grid):
    grid = input_grid.copy()
    colors = {3: Color.PINK, 2: Color.BLUE, 8: Color.YELLOW}
    for x, y in np.argwhere(input_grid > 0):
        grid[x - 1:x + 2, y - 1:y + 2] = colors[input_grid[x, y]]
        grid[x, y] = input_grid[x, y]
    return grid
