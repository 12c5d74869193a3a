from common import *

# concepts: lines to rectangle
def transform(input_grid):
    grid = input_grid.copy()
    colors = sorted(np.unique(input_grid), key=lambda c: -np.sum(input_grid == c))
    x, y, w, h = bounding_box(input_grid == colors[1])
    for a, b in np.argwhere(input_grid == colors[2]):
        if x <= a < x + w:
            grid[a, min(b, y + h):max(b + 1, y)] = colors[2]
        if y <= b < y + h:
            grid[min(a, x + w):max(a + 1, x), b] = colors[2]
    return grid
