from common import *

# concepts: odd one out of panels
def transform(input_grid):
    panels = [input_grid[x:x + 2, y:y + 2] for x in (0, 3) for y in (0, 3)]
    grid = min(panels, key=lambda p: sum(np.array_equal(p, q) for q in panels))
    return grid
