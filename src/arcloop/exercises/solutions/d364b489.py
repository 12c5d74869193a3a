from common import *

# concepts: stamp around cells
def transform(input_grid):
    grid = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.BLUE):
        for a, b, color in [(-1, 0, Color.RED), (1, 0, Color.PURPLE), (0, -1, Color.ORANGE), (0, 1, Color.PINK)]:
            if 0 <= x + a < 10 and 0 <= y + b < 10:
                grid[x + a, y + b] = color
    return grid
