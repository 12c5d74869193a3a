from common import *

# concepts: continue pattern to the right
def transform(input_grid):
    h, w = input_grid.shape
    period = [p for p in range(1, w) if np.array_equal(input_grid[:, p:], input_grid[:, :-p])][0]
    grid = np.array([input_grid[:, y % period] for y in range(2 * w)]).T
    return grid
