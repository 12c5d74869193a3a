"""A trusted program and inputs → outputs, in this process."""

import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import arcloop.common
from arcloop.records import Grid

__all__ = ["Transform", "compile_source", "run_all", "run_grid", "run_source"]

Transform = Callable[[Any], Any]

NAMES: dict[str, Any] = {
    "random": random,
    **{name: getattr(arcloop.common, name) for name in arcloop.common.__all__},
    "np": np,
}
"""What a program finds in place, as in the sandbox."""


def compile_source(source: str) -> Transform:
    """The program's ``transform``, its imports answered from ``arcloop.common``."""
    namespace = dict(NAMES)
    exec(compile(source.removeprefix("from common import *\n"), "<program>", "exec"), namespace)
    transform: Transform = namespace["transform"]
    return transform


def run_grid(transform: Transform, grid: Grid) -> Grid | None:
    """The output on a copy of one input; None where the program fails or gives no valid grid."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a mean of nothing, say: such a program teaches nothing
        try:
            output = np.asarray(transform(grid.astype(np.int64)))
        except Exception:
            return None
    if output.ndim != 2 or output.dtype.kind not in "iu" or not 0 < min(output.shape) <= max(output.shape) <= 30:
        return None
    if output.min() < 0 or output.max() > 9:
        return None
    return output.astype(np.int8)


def run_source(source: str, inputs: Sequence[Grid]) -> list[Grid | None]:
    """Outputs of a trusted program on the inputs."""
    transform = compile_source(source)
    return [run_grid(transform, grid) for grid in inputs]


def run_all(transform: Transform, inputs: Sequence[Grid]) -> list[Grid] | None:
    """Its outputs, if it gives a valid grid for each input; None at the first for which it does not."""
    outputs: list[Grid] = []
    for grid in inputs:
        output = run_grid(transform, grid)
        if output is None:
            return None
        outputs.append(output)
    return outputs
