from common import *

# concepts: largest empty rectangle
def transform(input_grid):
    grid = input_grid.copy()
    h, w = grid.shape
    boxes = [(x, y, a, b) for x in range(h) for y in range(w) for a in range(2, h - x + 1) for b in range(2, w - y + 1) if not input_grid[x:x + a, y:y + b].any()]
    x, y, a, b = max(boxes, key=lambda box: box[2] * box[3])
    grid[x:x + a, y:y + b] = Color.PINK
    return grid
