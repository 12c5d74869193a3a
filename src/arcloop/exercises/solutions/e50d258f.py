from common import *

# concepts: box with most red
def transform(input_grid):
    objects = find_connected_components(input_grid, monochromatic=False)
    grid = crop(max(objects, key=lambda obj: np.sum(obj == Color.RED)))
    return grid
