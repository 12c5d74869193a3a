from common import *

# concepts: recolor quarters
def transform(input_grid):
    x, y, w, h = bounding_box(input_grid == Color.GREEN)
    a = [i for i, row in enumerate(input_grid) if (row == Color.PURPLE).all()][0]
    b = [j for j, column in enumerate(input_grid.T) if (column == Color.PURPLE).all()][0]
    colors = crop(np.where((input_grid == Color.GREEN) | (input_grid == Color.PURPLE), 0, input_grid))
    shape = input_grid[a + 1:, b + 1:] if a < 4 and b < 4 else input_grid[a + 1:, :b] if a < 4 else input_grid[:a, b + 1:] if b < 4 else input_grid[:a, :b]
    grid = np.where(shape > 0, scale_sprite(colors, 3), 0)
    return grid
