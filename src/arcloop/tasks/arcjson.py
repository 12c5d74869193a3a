"""ARC's JSON form ⇄ tasks: what any file holds, checked. Pure."""

from typing import Any

import numpy as np

from arcloop.errors import TaskError
from arcloop.records import Grid, Pair, Task

__all__ = ["MAX_PAIRS", "Entry", "grid_from_json", "is_task", "task_from_json", "task_to_json"]

MAX_PAIRS = 100
"""Train pairs, or test pairs, of a task at the most; those of ARC have up to ten."""

_COLORS = frozenset(range(10))
"""A whole number as a float is in it too, as JSON knows one kind of number."""

Entry = tuple[Task, tuple[Grid, ...] | None]
"""A task, and its test outputs if all are known."""


def is_task(raw: Any) -> bool:
    """Does it look like a task, and not like something else that is kept beside tasks?"""
    if isinstance(raw, list):
        return bool(raw) and all(isinstance(pair, dict) and {"input", "output"} <= pair.keys() for pair in raw[:3])
    return isinstance(raw, dict) and not {"train", "test"}.isdisjoint(raw)


def task_from_json(task_id: str, raw: Any, where: str) -> Entry:
    """One task in ARC's JSON form, and its test outputs if all are there; of a plain list of pairs the last is the test pair.

    Raises:
        TaskError: something is missing, or a grid is not an ARC grid; ``where`` is named.
    """
    where = f"{where}: task {ascii(task_id)[1:-1]}"
    if not task_id.isprintable() or not 0 < len(task_id) <= 200:
        raise TaskError(f"{where}: expected a name of up to 200 printable characters — rename it")
    if isinstance(raw, list) and is_task(raw):
        raw = {"train": raw[:-1], "test": raw[-1:]}
    if not isinstance(raw, dict) or not isinstance(raw.get("train"), list) or not isinstance(raw.get("test"), list):
        raise TaskError(f'{where}: no lists "train" and "test"; expected ARC\'s JSON form — check the file')
    if not raw["train"] or not raw["test"]:
        raise TaskError(
            f"{where}: {len(raw['train'])} train and {len(raw['test'])} test pairs; expected at least one of each — check the file"
        )
    if max(len(raw["train"]), len(raw["test"])) > MAX_PAIRS:
        raise TaskError(
            f"{where}: {len(raw['train'])} train and {len(raw['test'])} test pairs; expected at most {MAX_PAIRS} of each — "
            "keep some of them"
        )
    train = tuple(
        Pair(_cells(p, "input", f"{where}: train pair {i}"), _cells(p, "output", f"{where}: train pair {i}"))
        for i, p in enumerate(raw["train"])
    )
    test_inputs = tuple(_cells(p, "input", f"{where}: test pair {i}") for i, p in enumerate(raw["test"]))
    known = all(p.get("output") is not None for p in raw["test"])
    answer = tuple(_cells(p, "output", f"{where}: test pair {i}") for i, p in enumerate(raw["test"])) if known else None
    return Task(task_id, train, test_inputs), answer


def _cells(pair: Any, key: str, where: str) -> Grid:
    if not isinstance(pair, dict) or key not in pair:
        raise TaskError(f'{where}: no "{key}"; expected an object with input and output — check the file')
    return grid_from_json(pair[key], f"{where}: {key}")


def grid_from_json(cells: Any, where: str) -> Grid:
    """A grid from a list of rows.

    Raises:
        TaskError: not a rectangle of 1–30 by 1–30 integers 0–9; ``where`` is named.
    """
    if not isinstance(cells, list) or not cells or not all(isinstance(row, list) for row in cells):
        raise TaskError(f"{where} is {str(cells)[:40]}; expected a list of rows — check the file")
    widths = {len(row) for row in cells}
    if len(widths) != 1:
        raise TaskError(f"{where} has rows of {sorted(widths)} cells; expected one length — check the file")
    height, width = len(cells), widths.pop()
    if not (1 <= height <= 30 and 1 <= width <= 30):
        raise TaskError(
            f"{where} is {height}×{width}; ARC grids are at most 30×30 — mend the file, or leave out what is like this with --tasks.skip-invalid"
        )
    wrong = [cell for row in cells for cell in row if type(cell) not in (int, float) or cell not in _COLORS]
    if wrong:
        raise TaskError(f"{where} has a cell {str(wrong[0])[:20]!r}; expected integers 0–9 — check the file")
    return np.array(cells, dtype=np.int8)


def task_to_json(task: Task) -> dict[str, Any]:
    """The task in ARC's JSON form, its test pairs without outputs."""
    return {
        "train": [{"input": p.input.tolist(), "output": p.output.tolist()} for p in task.train],
        "test": [{"input": grid.tolist()} for grid in task.test_inputs],
    }
