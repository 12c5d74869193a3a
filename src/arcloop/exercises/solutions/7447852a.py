from common import *

# concepts: fill every third space
def transform(input_grid):
    grid = input_grid.copy()
    rooms = sorted(find_connected_components(grid, background=Color.RED), key=lambda room: object_position(room, background=Color.RED)[1])
    for room in rooms[::3]:
        grid[room != Color.RED] = Color.YELLOW
    return grid
