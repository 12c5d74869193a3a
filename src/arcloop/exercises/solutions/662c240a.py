from common import *

# concepts: asymmetric panel
def transform(input_grid):
    panels = [input_grid[x:x + 3] for x in range(0, len(input_grid), 3)]
    grid = [p for p in panels if not np.array_equal(p, p.T)][0]
    return grid
