"""Task ⇄ augmented task, as an invertible value.

An ``Augmentation`` turns or mirrors all grids alike, permutes their colours and the order of the
train pairs. ``invert_grid(a, apply_grid(a, g)) == g`` for every grid. Whoever holds outputs in an
augmented frame goes back by ``original_outputs``, and by nothing else.
"""

import random
from collections.abc import Sequence

import numpy as np

from arcloop.config import AugmentConfig
from arcloop.records import Augmentation, Grid, Pair, Task

__all__ = ["apply_grid", "apply_task", "invert_grid", "original_outputs", "sample_augmentation"]


def apply_grid(augmentation: Augmentation, grid: Grid) -> Grid:
    """The grid in the augmented frame; a new, contiguous array."""
    turned = grid.T if augmentation.dihedral >= 4 else grid
    turned = np.rot90(turned, augmentation.dihedral % 4)
    return np.ascontiguousarray(np.asarray(augmentation.colors, dtype=np.int8)[turned])


def invert_grid(augmentation: Augmentation, grid: Grid) -> Grid:
    """The grid back in the original frame: the inverse of ``apply_grid``."""
    turned = np.rot90(grid, -(augmentation.dihedral % 4))
    turned = turned.T if augmentation.dihedral >= 4 else turned
    return np.ascontiguousarray(np.argsort(np.asarray(augmentation.colors)).astype(np.int8)[turned])


def apply_task(augmentation: Augmentation, task: Task) -> Task:
    """The task in the augmented frame, its train pairs in the augmented order, its id unchanged."""
    order = augmentation.order or range(len(task.train))
    return Task(
        id=task.id,
        train=tuple(
            Pair(apply_grid(augmentation, task.train[k].input), apply_grid(augmentation, task.train[k].output))
            for k in order
        ),
        test_inputs=tuple(apply_grid(augmentation, grid) for grid in task.test_inputs),
    )


def original_outputs(
    augmentation: Augmentation, outputs: Sequence[Grid | None], train_pairs: int
) -> tuple[Grid | None, ...]:
    """A program's outputs (for the train inputs in the augmented order, then the test inputs) in the task's own frame and order."""
    order = augmentation.order or tuple(range(train_pairs))
    places = [*(order.index(k) for k in range(train_pairs)), *range(train_pairs, len(outputs))]
    restored = (outputs[place] for place in places)
    return tuple(None if grid is None else invert_grid(augmentation, grid) for grid in restored)


def sample_augmentation(config: AugmentConfig, task: Task, rng: random.Random) -> Augmentation:
    """Draw an augmentation uniformly among those that ``config`` allows."""
    dihedral = rng.randrange(8) if config.dihedral else 0
    colors = list(range(10))
    if config.colors:
        if rng.random() < config.keep_background:
            colors[1:] = rng.sample(range(1, 10), 9)
        else:
            rng.shuffle(colors)
    order = list(range(len(task.train)))
    if config.order:
        rng.shuffle(order)
    return Augmentation(dihedral, tuple(colors), tuple(order))
