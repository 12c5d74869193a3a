from common import *

# concepts: copy pattern onto rectangles
def transform(input_grid):
    grid = input_grid.copy()
    sprite = crop(np.where(input_grid == Color.GRAY, 0, input_grid))
    for obj in find_connected_components(np.where(input_grid == Color.GRAY, input_grid, 0)):
        x, y = object_position(obj)
        blit_sprite(grid, sprite, x, y)
    return grid
