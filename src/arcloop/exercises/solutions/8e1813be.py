from common import *

# concepts: stripes in order
def transform(input_grid):
    grid = input_grid.copy()
    n = 1
    x, y, w, h = 0, 0, 0, 0
    vertical = max(input_grid.T, key=np.count_nonzero)
    rows = [row.max() for row in input_grid if np.count_nonzero(row == np.bincount(row[row > 0]).argmax() if row.any() else row) > len(row) // 2] if False else []
    colors = [c for c in dict.fromkeys(input_grid[input_grid > 0]) if c != Color.GRAY]
    horizontal = len(np.unique(input_grid[:, -1][input_grid[:, -1] > 0])) > 1
    colors = sorted(colors, key=lambda c: np.argwhere(input_grid == c)[0][0 if horizontal else 1])
    grid = np.array([[c] * len(colors) for c in colors]) if horizontal else np.array([colors] * len(colors))
    return grid
