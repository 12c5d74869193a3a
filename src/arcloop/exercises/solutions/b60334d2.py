from common import *

# concepts: stamp at cells
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    sprite = np.array([[5, 1, 5], [1, 0, 1], [5, 1, 5]])
    for x, y in np.argwhere(input_grid == Color.GRAY):
        blit_sprite(grid, sprite, x - 1, y - 1)
    return grid
