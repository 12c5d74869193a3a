from common import *

# concepts: repeat at own cells
def transform(input_grid):
    sprite = crop(input_grid)
    grid = np.kron(sprite > 0, sprite)
    return grid
