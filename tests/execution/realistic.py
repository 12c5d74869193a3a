"""Programs such as models write for ARC: forty short ones, from pixel loops to connected components.

Not solutions of anything. ``@A@`` and ``@B@`` stand for colours, so that one text gives many programs.
"""

import random

import numpy as np

from arcloop.records import Grid, Job

HEAD = "from common import *\n\nimport numpy as np\nfrom typing import *\n\n"

BODIES = (
    "def transform(input_grid):\n    return np.rot90(input_grid)\n",
    "def transform(input_grid):\n    return np.flipud(input_grid).T\n",
    "def transform(input_grid):\n    out = input_grid.copy()\n    out[out == Color.@A@] = Color.@B@\n    return out\n",
    "def transform(input_grid):\n    return np.kron(input_grid[:3, :3], np.ones((3, 3), dtype=int))\n",
    "def transform(input_grid):\n    return np.tile(input_grid, (2, 2))[:30, :30]\n",
    "def transform(input_grid):\n    return np.concatenate([input_grid, input_grid[:, ::-1]], axis=1)[:, :30]\n",
    "def transform(input_grid):\n    return crop(input_grid)\n",
    """
# concepts: objects, colour
# description: find every object and recolour it by its size

def transform(input_grid):
    objects = find_connected_components(input_grid, connectivity=4, monochromatic=True)
    out = np.zeros_like(input_grid)
    largest = max(np.sum(obj != Color.BLACK) for obj in objects)
    for obj in objects:
        color = Color.@A@ if np.sum(obj != Color.BLACK) == largest else Color.@B@
        recoloured = np.where(obj != Color.BLACK, color, obj)
        blit_object(out, recoloured, background=Color.BLACK)
    return out
""",
    """
def transform(input_grid):
    objects = find_connected_components(input_grid, monochromatic=False, connectivity=8)
    smallest = min(objects, key=lambda obj: np.count_nonzero(obj))
    return crop(smallest)
""",
    """
def transform(input_grid):
    out = np.full(input_grid.shape, Color.BLACK)
    for obj in find_connected_components(input_grid, connectivity=8):
        x, y, w, h = bounding_box(obj)
        out[x:x + w, y:y + h] = Color.@A@
    return out
""",
    """
def transform(input_grid):
    output_grid = input_grid.copy()
    for x in range(input_grid.shape[0]):
        for y in range(input_grid.shape[1]):
            if input_grid[x, y] == Color.@A@:
                draw_line(output_grid, x, y, direction=(1, 0), color=Color.@B@, stop_at_color=[Color.RED])
    return output_grid
""",
    """
def transform(input_grid):
    output_grid = np.copy(input_grid)
    height, width = output_grid.shape
    changed = True
    while changed:
        changed = False
        for i in range(height - 1):
            for j in range(width):
                if output_grid[i, j] == Color.@A@ and output_grid[i + 1, j] == Color.BLACK:
                    output_grid[i, j], output_grid[i + 1, j] = Color.BLACK, Color.@A@
                    changed = True
    return output_grid
""",
    """
def transform(input_grid):
    out = input_grid.copy()
    for obj in find_connected_components(input_grid, connectivity=4):
        inside = object_interior(obj) & ~object_boundary(obj)
        out[inside] = Color.@A@
    return out
""",
    """
def transform(input_grid):
    out = input_grid.copy()
    flood_fill(out, 0, 0, Color.@A@)
    out[out == Color.BLACK] = Color.@B@
    return out
""",
    """
def transform(input_grid):
    counts = {}
    for value in input_grid.flatten():
        if value != Color.BLACK:
            counts[value] = counts.get(value, 0) + 1
    best = sorted(counts.items(), key=lambda item: -item[1])
    result = np.zeros((len(best), best[0][1]), dtype=int)
    for row, (color, count) in enumerate(best):
        result[row, :count] = color
    return result[:30, :30]
""",
    """
def transform(input_grid):
    colors = object_colors(input_grid)
    return np.array([[c] for c in colors])
""",
    """
def transform(input_grid):
    symmetries = detect_mirror_symmetry(input_grid, ignore_colors=[Color.@A@])
    out = input_grid.copy()
    for x, y in np.argwhere(input_grid == Color.@A@):
        for other_x, other_y in orbit(input_grid, x, y, symmetries):
            if input_grid[other_x, other_y] != Color.@A@:
                out[x, y] = input_grid[other_x, other_y]
    return out
""",
    """
def transform(input_grid):
    x, y = object_position(input_grid, anchor="upper left")
    return translate(input_grid, -x, -y)
""",
    """
def transform(input_grid):
    red = np.where(input_grid == Color.@A@, input_grid, Color.BLACK)
    blue = np.where(input_grid == Color.@B@, input_grid, Color.BLACK)
    for step in range(max(input_grid.shape)):
        moved = translate(red, step, 0)
        if collision(object1=moved, object2=blue):
            break
    return moved
""",
    """
def transform(input_grid):
    rows, cols = np.where(input_grid == Color.@A@)
    top, bottom, left, right = rows.min(), rows.max(), cols.min(), cols.max()
    return input_grid[top:bottom + 1, left:right + 1]
""",
    """
def transform(grid):
    h, w = grid.shape
    half = grid[:, : w // 2], grid[:, w - w // 2 :]
    return np.where((half[0] > 0) & (half[1] > 0), Color.@A@, Color.BLACK)
""",
    """
def get_neighbours(grid, x, y):
    n, m = grid.shape
    return [grid[a, b] for a in range(x - 1, x + 2) for b in range(y - 1, y + 2)
            if 0 <= a < n and 0 <= b < m and (a, b) != (x, y)]

def transform(input_grid):
    out = input_grid.copy()
    for x in range(input_grid.shape[0]):
        for y in range(input_grid.shape[1]):
            if sum(value == Color.@A@ for value in get_neighbours(input_grid, x, y)) >= 3:
                out[x, y] = Color.@B@
    return out
""",
    """
from collections import Counter

def transform(input_grid):
    common_color = Counter(input_grid.flatten().tolist()).most_common(2)[-1][0]
    return np.full((3, 3), common_color)
""",
    """
from collections import deque

def transform(input_grid):
    out = input_grid.copy()
    starts = [tuple(p) for p in np.argwhere(input_grid == Color.@A@)]
    queue, seen = deque(starts), set(starts)
    while queue:
        x, y = queue.popleft()
        for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            p = (x + dx, y + dy)
            if 0 <= p[0] < out.shape[0] and 0 <= p[1] < out.shape[1] and p not in seen and out[p] == Color.BLACK:
                seen.add(p)
                out[p] = Color.@B@
                queue.append(p)
    return out
""",
    """
def transform(input_grid):
    sprites = [crop(obj) for obj in detect_objects(input_grid, monochromatic=True, connectivity=8)]
    sprites.sort(key=lambda s: s.shape[0] * s.shape[1])
    out = np.zeros((max(s.shape[0] for s in sprites), sum(s.shape[1] for s in sprites)), dtype=int)
    y = 0
    for sprite in sprites:
        blit_sprite(out, sprite, 0, y)
        y += sprite.shape[1]
    return out
""",
    """
def transform(input_grid):
    sprite = crop(input_grid)
    return scale_sprite(sprite, 2)
""",
    """
def transform(input_grid):
    output = np.zeros_like(input_grid)
    for x in range(input_grid.shape[0]):
        row = [value for value in input_grid[x] if value != 0]
        output[x, : len(row)] = sorted(row)
    return output
""",
    """
def transform(input_grid):
    unique, counts = np.unique(input_grid, return_counts=True)
    mapping = dict(zip(unique[np.argsort(counts)], range(len(unique))))
    return np.vectorize(mapping.get)(input_grid)
""",
    """
def transform(input_grid):
    # separate the cells by the lines of the dividing colour
    lines = [x for x in range(input_grid.shape[0]) if np.all(input_grid[x] == input_grid[x, 0]) and input_grid[x, 0] != 0]
    parts = np.split(input_grid, lines)
    return parts[1][1:]
""",
    """
def transform(input_grid):
    out = input_grid.copy()
    points = np.argwhere(input_grid == Color.@A@)
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            (a, b), (c, d) = points[i], points[j]
            if a == c:
                out[a, min(b, d) : max(b, d) + 1] = Color.@B@
            elif b == d:
                out[min(a, c) : max(a, c) + 1, b] = Color.@B@
    return out
""",
    """
def transform(input_grid):
    translations = detect_translational_symmetry(input_grid, ignore_colors=[Color.BLACK])
    out = np.zeros_like(input_grid)
    for x, y in np.argwhere(input_grid != Color.BLACK):
        for tx, ty in orbit(out, x, y, translations):
            out[tx, ty] = input_grid[x, y]
    return out
""",
    """
def is_enclosed(grid, x, y):
    return grid[x, :y].any() and grid[x, y + 1:].any() and grid[:x, y].any() and grid[x + 1:, y].any()

def transform(input_grid):
    return np.array([[Color.@A@ if input_grid[x, y] == 0 and is_enclosed(input_grid, x, y) else input_grid[x, y]
                      for y in range(input_grid.shape[1])] for x in range(input_grid.shape[0])])
""",
    "def transform(input_grid):\n    marker = list(zip(*np.where(input_grid == Color.@A@)))[3]\n    return input_grid[marker[0] :]\n",
    "def transform(input_grid):\n    objects = find_connected_components(input_grid)\n    return objects[7][:5, :5] + undefined_name\n",
    "def transform(input_grid):\n    grid = input_grid.reshape(3, -1)\n    return np.where(grid, Color.@A@, Color.@B@)\n",
    "def transform(input_grid):\n    out = np.zeros((31, 3), dtype=int)\n    out[: input_grid.shape[0]] = 1\n    return out\n",
    "def transform(input_grid):\n    return input_grid.tolist()[0][0] / 2\n",
    "def transform(input_grid):\n    sizes = [len(row) for row in input_grid\n    return sizes\n",
    "import random\n\ndef transform(input_grid):\n    out = input_grid.copy()\n    out[out == 0] = random.choice([1, 2])\n    return out\n",
    """
def transform(input_grid):
    components = find_connected_components(input_grid, connectivity=8, monochromatic=False)
    best, score = None, -1
    for component in components:
        sprite = crop(component)
        mirrored = np.sum(sprite == sprite[::-1]) + np.sum(sprite == sprite[:, ::-1])
        if mirrored / sprite.size > score:
            best, score = sprite, mirrored / sprite.size
    return best
""",
)

COLORS = ("BLUE", "RED", "GREEN", "YELLOW", "GRAY", "PINK", "ORANGE", "TEAL", "MAROON", "PURPLE", "BROWN")


def jobs(count: int, tasks: list[tuple[Grid, ...]], seed: int = 0) -> list[Job]:
    """``count`` different programs, each on the inputs of one of ``tasks``, some dozens on a task one after another."""
    draw = random.Random(seed)
    made = []
    for index in range(count):
        inputs = tasks[index * len(tasks) // count]
        first, second = draw.sample(COLORS, 2)
        body = draw.choice(BODIES).replace("@A@", first).replace("@B@", second)
        made.append(Job(f"p{index}", f"{HEAD}{body}# draw {index}\n", inputs))
    return made


def made_up_tasks(count: int, seed: int = 0) -> list[tuple[Grid, ...]]:
    """Inputs with the sizes and the sparseness of ARC tasks, for when the data set is not at hand."""
    draw = np.random.default_rng(seed)
    tasks = []
    for _ in range(count):
        sides = draw.integers(3, 21, 2)
        inputs = []
        for _ in range(int(draw.integers(3, 6))):
            grid = draw.integers(1, 10, sides) * (draw.random(sides) < draw.choice([0.1, 0.3, 0.6]))
            inputs.append(grid.astype(np.int8))
        tasks.append(tuple(inputs))
    return tasks
