"""The program library: what an ARC program gets from ``from common import *``.

Grids are 2-D NumPy integer arrays indexed ``grid[x, y]``, x along axis 0 and y along axis 1; colours are 0..9 and
0 is the usual background. An *object* is a full-size array with background around it, a *sprite* a small one.
The star-import delivers the names in ``__all__`` and nothing else; NumPy and ``random`` are among them because
programs use both without importing them.
"""

import random

import numpy as np

from .boxes import bounding_box, bounding_box_mask, check_between_objects, crop, object_position
from .colors import Color, object_colors
from .components import find_connected_components, is_contiguous
from .detection import detect_objects
from .display import show_colored_grid, visualize
from .drawing import blit, blit_object, blit_sprite, draw_line, flood_fill, translate
from .objects import collision, contact, object_boundary, object_interior, object_neighbors
from .placement import (
    random_free_location_for_object,
    random_free_location_for_sprite,
    randomly_scatter_points,
    randomly_spaced_indices,
)
from .sprites import (
    apply_diagonal_symmetry,
    apply_symmetry,
    generate_sprite,
    random_sprite,
    scale_pattern,
    scale_sprite,
)
from .symmetry import MirrorSymmetry, Symmetry, TranslationalSymmetry, orbit
from .symmetry_search import detect_mirror_symmetry, detect_rotational_symmetry, detect_translational_symmetry

__all__ = [
    "Color",
    "MirrorSymmetry",
    "Symmetry",
    "TranslationalSymmetry",
    "apply_diagonal_symmetry",
    "apply_symmetry",
    "blit",
    "blit_object",
    "blit_sprite",
    "bounding_box",
    "bounding_box_mask",
    "check_between_objects",
    "collision",
    "contact",
    "crop",
    "detect_mirror_symmetry",
    "detect_objects",
    "detect_rotational_symmetry",
    "detect_translational_symmetry",
    "draw_line",
    "find_connected_components",
    "flood_fill",
    "generate_sprite",
    "is_contiguous",
    "np",
    "object_boundary",
    "object_colors",
    "object_interior",
    "object_neighbors",
    "object_position",
    "orbit",
    "random",
    "random_free_location_for_object",
    "random_free_location_for_sprite",
    "random_sprite",
    "randomly_scatter_points",
    "randomly_spaced_indices",
    "scale_pattern",
    "scale_sprite",
    "show_colored_grid",
    "translate",
    "visualize",
]
