from common import *

# concepts: corners of objects in place
def transform(input_grid):
    grid = np.zeros((4, 4), dtype=int)
    for obj in find_connected_components(input_grid):
        sprite = crop(obj)
        x = 0 if sprite[0].all() else 2
        y = 0 if sprite[:, 0].all() else 2
        blit_sprite(grid, sprite, x, y)
    return grid
