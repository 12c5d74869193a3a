from common import *

# concepts: repeat at colored cells
def transform(input_grid):
    h, w = input_grid.shape
    n = min(h, w)
    a, b = (input_grid[:, :n], input_grid[:, n:]) if w > h else (input_grid[:n], input_grid[n:])
    a, b = (b, a) if Color.PURPLE in a else (a, b)
    grid = np.kron(a, b > 0)
    return grid
