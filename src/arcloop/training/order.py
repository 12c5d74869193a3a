"""Tasks and sources of the rows → the order in which one epoch takes them.

Pure and seeded by (seed, epoch): an order can be computed again at any time, so a training that
stopped after n rows goes on with ``epoch_order(…)[n:]``.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arcloop.errors import ConfigError
from arcloop.seeds import seed_of

__all__ = ["epoch_order"]


def epoch_order(
    tasks: Sequence[str] | NDArray[np.integer],
    sources: Sequence[int] | NDArray[np.integer],
    weights: Sequence[float],
    seed: int,
    epoch: int,
) -> NDArray[np.int64]:
    """Indices of the rows, in the order in which an epoch takes them.

    ``tasks`` and ``sources``: one entry per row; a source is an index into ``weights``.
    ``weights``: how often an epoch takes each row of a source: 1 = once, 2 = twice, 0.5 = half of the rows, drawn anew
    for each epoch, 2.5 = each row twice and half of them once more. The length is the same in every epoch: the share
    of a source is rounded half up, and of a source with rows at least one is taken.

    Rows are shuffled and their tasks are spread: with N rows taken, n of them of one task and T tasks, the first p
    hold n·p/N of that task, give or take 1 + n·T/N. Copies of a row that is taken several times are kept
    apart among its task's rows.

    Raises:
        ConfigError: a weight is not a number above 0, or a source has none.
    """
    places = np.asarray(sources, dtype=np.int64)
    rng = np.random.Generator(np.random.PCG64(seed_of(seed, "order", epoch)))
    counts = _counts(places, weights, rng)
    rows = np.repeat(np.arange(len(places)), counts)
    copies = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    moments = (copies + rng.random(len(rows))) / counts[rows]
    # Each task's rows by their moments; then row k of n at (k + u) / n of the epoch, with one u for the task.
    _, codes = np.unique(np.asarray(tasks), return_inverse=True)
    task = codes.reshape(-1)[rows]
    by_task = np.lexsort((moments, task))
    rows, task = rows[by_task], task[by_task]
    sizes = np.bincount(task)
    rank = np.arange(len(rows)) - (np.cumsum(sizes) - sizes)[task]
    positions = (rank + rng.random(len(sizes))[task]) / sizes[task]
    spread: NDArray[np.int64] = rows[np.argsort(positions, kind="stable")]
    return spread


def _counts(places: NDArray[np.int64], weights: Sequence[float], rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each row is taken."""
    for source, weight in enumerate(weights):
        if not 0 < weight < math.inf:
            raise ConfigError(f"the weight of training set {source} is {weight!r}; expected more than 0 — leave it out")
    if len(places) and not 0 <= places.min() <= places.max() < len(weights):
        raise ConfigError(
            f"{len(weights)} weights for {places.max() + 1} training sets; expected one for each — give a weight for every set"
        )
    counts = np.zeros(len(places), dtype=np.int64)
    for source, weight in enumerate(weights):
        rows = np.flatnonzero(places == source)
        if len(rows):
            each, more = divmod(max(1, math.floor(weight * len(rows) + 0.5)), len(rows))
            counts[rows] = each
            counts[rng.choice(rows, more, replace=False)] += 1
    return counts
