from common import *

# concepts: swap colors
def transform(input_grid):
    grid = np.where(input_grid == Color.GRAY, Color.PURPLE, input_grid)
    grid[input_grid == Color.PURPLE] = Color.GRAY
    return grid
