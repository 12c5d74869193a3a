from common import *

# concepts: window with most blue
def transform(input_grid):
    windows = [input_grid[x:x + 3, y:y + 3] for x in range(7) for y in range(7)]
    grid = max([p for p in windows if p.all()], key=lambda p: np.sum(p == Color.BLUE))
    return grid
