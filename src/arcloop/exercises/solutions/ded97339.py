from common import *

# concepts: connect cells in line
def transform(input_grid):
    grid = input_grid.copy()
    cells = np.argwhere(input_grid == Color.PURPLE)
    for x, y in cells:
        for a, b in cells:
            if x == a or y == b:
                grid[x:a + 1, y:b + 1] = Color.PURPLE
    return grid
