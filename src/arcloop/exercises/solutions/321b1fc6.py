from common import *

# concepts: copy pattern
def transform(input_grid):
    grid = np.zeros_like(input_grid)
    sprite = crop(np.where(input_grid == Color.PURPLE, 0, input_grid))
    for obj in find_connected_components(input_grid == Color.PURPLE):
        x, y = object_position(obj)
        blit_sprite(grid, sprite, x, y)
    return grid
