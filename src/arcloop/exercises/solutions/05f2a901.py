from common import *

# concepts: move object to other
def transform(input_grid):
    grid = input_grid.copy()
    obj = np.where(input_grid == Color.RED, input_grid, 0)
    goal = np.where(input_grid == Color.PURPLE, input_grid, 0)
    x, y, w, h = bounding_box(obj)
    a, b, c, d = bounding_box(goal)
    dx = a - x - w if x + w <= a else a + c - x if x >= a + c else 0
    dy = b - y - h if y + h <= b else b + d - y if y >= b + d else 0
    grid = blit_object(goal, translate(obj, dx, dy))
    return grid
