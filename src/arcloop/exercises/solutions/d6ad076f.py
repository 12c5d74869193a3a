from common import *

# concepts: bridge between rectangles
def transform(input_grid):
    grid = input_grid.copy()
    a, b = [bounding_box(obj) for obj in sorted(find_connected_components(input_grid), key=object_position)]
    rows = [x for x in range(10) if a[0] < x < a[0] + a[2] - 1 and b[0] < x < b[0] + b[2] - 1]
    columns = [y for y in range(10) if a[1] < y < a[1] + a[3] - 1 and b[1] < y < b[1] + b[3] - 1]
    for x in range(10):
        for y in range(10):
            if (x in rows and min(a[1], b[1]) < y < max(a[1] + a[3], b[1] + b[3]) or y in columns and min(a[0], b[0]) < x < max(a[0] + a[2], b[0] + b[2])) and grid[x, y] == 0:
                grid[x, y] = Color.PURPLE
    return grid
