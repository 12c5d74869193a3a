from common import *

# concepts: region with most noise
def transform(input_grid):
    objects = sorted(find_connected_components(input_grid, background=-1), key=lambda obj: -np.sum(obj >= 0))
    regions = [obj for obj in objects if np.sum(obj >= 0) > 8]
    grid = np.array([[max(regions, key=lambda obj: (crop(np.where(bounding_box_mask(obj, background=-1), input_grid, -1), background=-1) != obj.max()).sum()).max()]])
    return grid
