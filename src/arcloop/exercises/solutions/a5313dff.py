from common import *

# concepts: fill enclosed
def transform(input_grid):
    grid = input_grid.copy()
    for room in find_connected_components(grid, background=Color.RED):
        room = room != Color.RED
        if not (room[0].any() or room[-1].any() or room[:, 0].any() or room[:, -1].any()):
            grid[room] = Color.BLUE
    return grid
