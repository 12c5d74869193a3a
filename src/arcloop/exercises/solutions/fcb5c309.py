from common import *

# concepts: frame with most cells, recolor
def transform(input_grid):
    colors = object_colors(input_grid)
    objects = [obj for obj in find_connected_components(input_grid) if np.count_nonzero(obj) > 8]
    boxes = [bounding_box(obj) for obj in objects]
    parts = [input_grid[x:x + w, y:y + h] for x, y, w, h in boxes]
    frame = objects[0].max()
    part = max(parts, key=lambda p: np.sum((p > 0) & (p != frame)))
    color = [c for c in colors if c != frame][0]
    grid = np.where(part > 0, color, 0)
    return grid
