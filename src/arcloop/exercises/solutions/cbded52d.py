from common import *

# concepts: connect blocks in line
def transform(input_grid):
    grid = input_grid.copy()
    for x in range(8):
        for y in range(8):
            for a, b in [(3, 0), (0, 3)]:
                if x >= a and y >= b and x + a < 8 and y + b < 8 and input_grid[x - a, y - b] == input_grid[x + a, y + b] > 1:
                    grid[x, y] = input_grid[x - a, y - b]
    return grid
