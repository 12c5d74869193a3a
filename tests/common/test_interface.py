"""What a program sees: the names of the star-import, their signatures, their docstrings."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from arcloop import common
from benchmarks import bench_common as loops

SIGNATURES = {
    "apply_diagonal_symmetry": "sprite, background=0",
    "apply_symmetry": "sprite, symmetry_type, background=0",
    "blit": "grid, sprite, x=0, y=0, background=None",
    "blit_object": "grid, obj, background=0",
    "blit_sprite": "grid, sprite, x, y, background=0",
    "bounding_box": "grid, background=0",
    "bounding_box_mask": "grid, background=0",
    "check_between_objects": "obj1, obj2, x, y, padding=0, background=0",
    "collision": "_=None, object1=None, object2=None, x1=0, y1=0, x2=0, y2=0, background=0",
    "contact": "_=None, object1=None, object2=None, x1=0, y1=0, x2=0, y2=0, background=0, connectivity=4",
    "crop": "grid, background=0",
    "detect_mirror_symmetry": "grid, ignore_colors=[0], background=None",
    "detect_objects": "grid, _=None, predicate=None, background=0, monochromatic=False, connectivity=None, "
    "allowed_dimensions=None, colors=None, can_overlap=False",
    "detect_rotational_symmetry": "grid, ignore_colors=[0], background=None",
    "detect_translational_symmetry": "grid, ignore_colors=[0], background=None",
    "draw_line": "grid, x, y, end_x=None, end_y=None, length=None, direction=None, color=None, stop_at_color=[]",
    "find_connected_components": "grid, background=0, connectivity=4, monochromatic=True",
    "flood_fill": "grid, x, y, color, connectivity=4",
    "generate_sprite": "n, m, symmetry_type, fill_percentage=0.5, max_colors=9, color_palate=None, connectivity=4, "
    "background=0",
    "is_contiguous": "bitmask, background=0, connectivity=4",
    "object_boundary": "grid, background=0",
    "object_colors": "obj, background=0",
    "object_interior": "grid, background=0",
    "object_neighbors": "grid, background=0, connectivity=4",
    "object_position": "obj, background=0, anchor='upper left'",
    "orbit": "grid, x, y, symmetries",
    "random_free_location_for_object": "*args, **kwargs",
    "random_free_location_for_sprite": "grid, sprite, background=0, border_size=0, padding=0, padding_connectivity=8",
    "random_sprite": "n, m, density=0.5, symmetry=None, color_palette=None, connectivity=4, background=0",
    "randomly_scatter_points": "grid, color, density=0.5, background=0",
    "randomly_spaced_indices": "max_len, n_indices, border_size=1, padding=1",
    "scale_pattern": "pattern, scale_factor",
    "scale_sprite": "sprite, factor",
    "show_colored_grid": "grid, text=True",
    "translate": "obj, x, y, background=0",
    "visualize": "input_generator, transform, n_examples=5, n_attempts=100",
}
CLASSES = {"Color", "MirrorSymmetry", "Symmetry", "TranslationalSymmetry"}


def test_star_import_delivers_exactly_the_interface():
    namespace = {}
    exec("from arcloop.common import *", namespace)
    del namespace["__builtins__"]
    assert set(namespace) == set(SIGNATURES) | CLASSES | {"np", "random"}
    assert len(namespace) == 42
    assert namespace["np"].__name__ == "numpy" and namespace["random"].__name__ == "random"


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    parameters = inspect.signature(getattr(common, name)).parameters.values()
    assert ", ".join(str(p.replace(annotation=p.empty)) for p in parameters) == SIGNATURES[name]


@pytest.mark.parametrize("name", sorted(set(SIGNATURES) | CLASSES))
def test_docstring_opens_with_a_line_that_stands_alone(name):
    first, *rest = getattr(common, name).__doc__.splitlines()
    assert first.endswith(".") or name in CLASSES
    assert 20 < len(first) < 120
    assert not rest or rest[0] == ""


def test_import_needs_numpy_alone():
    code = (
        "import numpy, sys; before = set(sys.modules); import arcloop.common; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name not in sys.stdlib_module_names} == {"arcloop"}


CANVAS = np.array(
    [
        [1, 2, 0, 0, 2, 8],
        [0, 2, 8, 0, 0, 0],
        [0, 0, 0, 1, 2, 0],
        [9, 9, 0, 1, 0, 2],
        [9, 0, 9, 1, 2, 2],
        [9, 9, 9, 0, 0, 0],
    ]
)
LAYOUT_CALLS = {
    "apply_symmetry": ("vertical",),
    "apply_diagonal_symmetry": (),
    "blit": (np.ones((2, 2), dtype=int), 4, -1),
    "bounding_box": (),
    "crop": (),
    "detect_mirror_symmetry": (),
    "detect_objects": (None, None, 0, False, 8),
    "detect_rotational_symmetry": (),
    "detect_translational_symmetry": (),
    "draw_line": (0, 0, None, None, None, (1, 1), 5),
    "find_connected_components": (),
    "flood_fill": (0, 2, 7),
    "is_contiguous": (0, 8),
    "object_boundary": (),
    "object_colors": (),
    "object_interior": (),
    "object_neighbors": (),
    "scale_sprite": (2,),
    "translate": (1, -2),
}


@pytest.mark.parametrize("name", LAYOUT_CALLS)
def test_memory_layout_does_not_matter(name):
    padded = np.full((12, 12), 4)
    padded[::2, 1::2] = CANVAS
    views = [CANVAS.copy(), np.asfortranarray(CANVAS), CANVAS.copy()[::-1, ::-1].copy()[::-1, ::-1], padded[::2, 1::2]]
    outcomes = []
    for view in views:
        assert np.array_equal(view, CANVAS)
        result = getattr(common, name)(view, *LAYOUT_CALLS[name])
        outcomes.append((loops.plain_value(result), view.tolist()))
    assert outcomes.count(outcomes[0]) == len(views)


def test_every_public_name_has_a_test():
    names = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in set(SIGNATURES) | CLASSES}
    tested = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = node.name.removeprefix("test_")
                tested.add(max((n for n in names if words == n or words.startswith(n + "_")), key=len, default=None))
    assert names - tested == set()
