from common import *

# concepts: connect cells in line
def transform(input_grid):
    grid = input_grid.copy()
    cells = np.argwhere(input_grid == Color.BLUE)
    for x, y in cells:
        for a, b in cells:
            if x == a or y == b:
                part = grid[x:a + 1, y:b + 1]
                part[part == Color.BLACK] = Color.PURPLE
    return grid
