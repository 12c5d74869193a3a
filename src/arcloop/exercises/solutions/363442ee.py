from common import *

# concepts: stamp at marks
def transform(input_grid):
    grid = input_grid.copy()
    sprite = input_grid[:3, :3]
    for x, y in np.argwhere(input_grid == Color.BLUE):
        grid[x - 1:x + 2, y - 1:y + 2] = sprite
    return grid
