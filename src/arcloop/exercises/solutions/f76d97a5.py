from common import *

# concepts: swap colors, remove gray
def transform(input_grid):
    color = [c for c in object_colors(input_grid) if c != Color.GRAY][0]
    grid = np.where(input_grid == Color.GRAY, color, Color.BLACK)
    return grid
