from common import *

# concepts: crop object with mark, recolor
def transform(input_grid):
    objects = find_connected_components(input_grid, connectivity=8, monochromatic=False)
    obj = crop([obj for obj in objects if Color.PURPLE in obj][0])
    color = [c for c in object_colors(obj) if c != Color.PURPLE][0]
    grid = np.where(obj > 0, color, 0)
    return grid
