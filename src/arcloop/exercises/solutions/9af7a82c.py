from common import *

# concepts: columns of counts
def transform(input_grid):
    colors = sorted(object_colors(input_grid), key=lambda c: -np.sum(input_grid == c))
    counts = [np.sum(input_grid == c) for c in colors]
    grid = np.zeros((max(counts), len(colors)), dtype=int)
    for y, (color, count) in enumerate(zip(colors, counts)):
        grid[:count, y] = color
    return grid
