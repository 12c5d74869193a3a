from common import *

# concepts: replace rings by crosses
def transform(input_grid):
    grid = input_grid.copy()
    ring, cross = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]), np.array([[0, 2, 0], [2, 2, 2], [0, 2, 0]])
    for obj in find_connected_components(input_grid):
        if np.array_equal(crop(obj), ring):
            x, y = object_position(obj)
            grid[x:x + 3, y:y + 3] = cross
    return grid
