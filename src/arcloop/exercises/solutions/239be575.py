from common import *

# concepts: connected or not
def transform(input_grid):
    objects = find_connected_components(input_grid, connectivity=8, monochromatic=False)
    joined = any(np.sum(obj == Color.RED) == 8 for obj in objects)
    grid = np.array([[Color.PURPLE if joined else Color.BLACK]])
    return grid
