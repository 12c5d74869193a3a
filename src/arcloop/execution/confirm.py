"""Two executions of one program → one verdict on whether it can be relied upon. Pure."""

from dataclasses import replace

import numpy as np

from arcloop.execution.frame import MAX_CHARACTERS
from arcloop.records import Execution, Grid, Status

__all__ = ["compare"]


def compare(earlier: Execution, again: Execution) -> Execution:
    """``earlier`` if ``again`` gave the same outputs, else ``earlier`` with status ``nondeterministic``.

    Outputs are then kept where both agree. That both failed on an input counts as agreement,
    whatever they failed of. Both must come from the same program and inputs: a different number of
    outputs raises ``ValueError``.
    """
    same = [_equal(one, other) for one, other in zip(earlier.outputs, again.outputs, strict=True)]
    if all(same):
        return earlier
    outputs = tuple(grid if agrees else None for grid, agrees in zip(earlier.outputs, same, strict=True))
    first = same.index(False)
    error = f"output {first} differs when the program is run again"
    if again.outputs[first] is None:
        error += f": {again.error or again.status}"
    return replace(earlier, status=Status.NONDETERMINISTIC, outputs=outputs, error=error[:MAX_CHARACTERS])


def _equal(one: Grid | None, other: Grid | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
