from common import *

# concepts: mirror toward hand
def transform(input_grid):
    grid = input_grid.copy()
    part = input_grid[:3, 3:6]
    hand = crop(np.where(input_grid == Color.YELLOW, input_grid, 0))
    y = 0 if hand[0, 0] > 0 else 6
    grid[:3, y:y + 3] = np.fliplr(part)
    return grid
