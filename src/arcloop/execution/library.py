"""Folders → the modules and names that every program finds in place.

Runs in the template only, once, before any limit: what programs usually import is imported here,
so that no clock pays for it. Guarantees that ``common`` is loaded without the rest of arcloop.
"""

import importlib
import random
import sys
import sysconfig
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FLAVOURS", "flavour_of", "load", "names", "readable"]

ALWAYS = (
    *("abc", "bisect", "cmath", "collections", "collections.abc", "contextlib", "copy", "dataclasses", "datetime"),
    *("decimal", "enum", "fractions", "functools", "heapq", "itertools", "json", "math", "numbers", "operator"),
    *("queue", "random", "re", "statistics", "string", "textwrap", "time", "traceback", "types", "typing", "warnings"),
    *("numpy.fft", "numpy.lib.stride_tricks", "numpy.linalg", "numpy.ma", "numpy.polynomial", "numpy.random"),
    *("encodings.ascii", "encodings.latin_1", "encodings.utf_8", "encodings.unicode_escape", "unicodedata"),
)
FLAVOURS = {
    "numpy": (),
    "ndimage": ("scipy.ndimage",),
    "scipy": ("scipy.ndimage", "scipy.optimize", "scipy.signal", "scipy.spatial.distance", "scipy.stats"),
}
"""Kind of template → what it imports besides ``ALWAYS``. Page tables make forks dear: most programs need the first."""
_BEYOND = ("optimize", "signal", "spatial", "stats", "sparse", "linalg", "interpolate", "special")
"""Parts of SciPy that a template with ``scipy.ndimage`` alone lacks."""


def flavour_of(source: str) -> str:
    """The kind of template that has the libraries which ``source`` names; a word in the wrong place costs some time."""
    if "scipy" not in source:
        return "numpy"
    return "scipy" if any(other in source for other in _BEYOND) or "ndimage" not in source else "ndimage"


def load(flavour: str) -> bool:
    """Import everything for ``flavour``; False if a library of it is not installed."""
    for name in ALWAYS:
        importlib.import_module(name)
    sys.modules["common"] = importlib.import_module("arcloop.common")
    try:
        for name in FLAVOURS[flavour]:
            importlib.import_module(name)
    except ImportError:
        return False
    return True


def names(fill: int) -> dict[str, Any]:
    """What a program's namespace holds at its beginning: ``np`` and every public name of ``common``.

    Also fixes what would differ between two runs of an honest program: warnings are silent, and
    memory that NumPy leaves uninitialised reads as ``fill``.
    """
    common = sys.modules["common"]
    public = getattr(common, "__all__", None) or [name for name in vars(common) if not name.startswith("_")]
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    np.set_printoptions(threshold=1000)
    vars(np).update(empty=_filled(np.empty, fill), empty_like=_filled(np.empty_like, fill))
    random.seed(0)
    np.random.seed(0)
    return {"random": random, **{name: getattr(common, name) for name in public}, "np": np}


def _filled(make: Callable[..., Any], fill: int) -> Callable[..., Any]:
    """``make``, with a constant in place of whatever the memory held."""

    def filled(*arguments: Any, **settings: Any) -> Any:
        array = make(*arguments, **settings)
        if array.dtype.kind in "biufc":
            array.fill(fill)
        elif array.dtype.kind != "O":
            array[...] = np.zeros((), array.dtype)
        return array

    filled.__name__ = filled.__qualname__ = make.__name__
    filled.__doc__ = make.__doc__
    return filled


def readable(flavour: str) -> tuple[list[Path], list[Path]]:
    """What may be read, and what may be listed: the standard library, NumPy, SciPy if it is the flavour's, ``common``.

    Not the folder of all installed packages: data sets with their answers are installed there too.
    """
    standard = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    allowed = [
        entry
        for folder in dict.fromkeys(standard)
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if entry.name not in ("site-packages", "dist-packages")
    ]
    packages = ["numpy", "scipy"] if FLAVOURS[flavour] else ["numpy"]
    for package in packages:
        if package in sys.modules:
            folder = Path(str(sys.modules[package].__file__)).parent
            # Wheels keep their shared libraries in a folder beside the package.
            allowed += [folder, folder.parent / f"{package}.libs"]
    allowed += [Path(folder) for folder in sys.modules["common"].__path__]
    return allowed, standard
