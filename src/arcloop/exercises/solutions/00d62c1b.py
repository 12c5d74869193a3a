from common import *

# concepts: fill enclosed
def transform(input_grid):
    grid = input_grid.copy()
    for obj in find_connected_components(grid, background=Color.GREEN):
        inside = object_position(obj, background=Color.GREEN)
        room = obj != Color.GREEN
        if not (room[0].any() or room[-1].any() or room[:, 0].any() or room[:, -1].any()):
            grid[room] = Color.YELLOW
    return grid
