from common import *

# concepts: overlay patterns of corners
def transform(input_grid):
    color = np.bincount(input_grid.ravel()).argmax()
    parts = [crop(np.where(input_grid == c, c, 0)) for c in np.unique(input_grid) if c != color]
    n = max(max(part.shape) for part in parts)
    grid = np.full((n, n), color)
    for part in parts:
        h, w = part.shape
        blit_sprite(grid, part, (n - h) // 2, (n - w) // 2)
    return grid
