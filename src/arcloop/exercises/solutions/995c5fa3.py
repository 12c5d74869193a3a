from common import *

# concepts: hole to color
def transform(input_grid):
    grid = np.zeros((3, 3), dtype=int)
    for i in range(3):
        part = input_grid[:, 5 * i:5 * i + 4] == Color.BLACK
        grid[i] = Color.RED if not part.any() else Color.PURPLE if part[1, 1] else Color.GREEN if part[1, 0] else Color.YELLOW
    return grid
