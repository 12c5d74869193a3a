from common import *

# concepts: most filled panel
def transform(input_grid):
    h, w = input_grid.shape
    n = min(h, w)
    panels = [input_grid[i:i + n] if h > w else input_grid[:, i:i + n] for i in range(0, max(h, w), n)]
    shapes = [p > 0 for p in panels]
    best = min(range(len(panels)), key=lambda i: sum(np.array_equal(shapes[i], s) for s in shapes))
    grid = panels[best]
    return grid
