"""Attempts → the Kaggle file ``submission.json``, its validator and its scorer.

``{task_id: [{"attempt_1": grid, "attempt_2": grid}, one per test input]}``, every task and both
attempts always present.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from arcloop.errors import RunError, TaskError
from arcloop.records import Answers, Attempt, Grid, Task
from arcloop.submission.voting import vote
from arcloop.tasks.arcjson import grid_from_json

__all__ = ["ATTEMPTS", "Submission", "faults", "hits", "merged", "submission_json", "validate"]

ATTEMPTS = ("attempt_1", "attempt_2")
"""Keys of an entry."""

Submission = dict[str, list[dict[str, list[list[int]]]]]
"""The parsed file."""


def submission_json(attempts: Sequence[Attempt], unasked: Mapping[str, int] | None = None) -> str:
    """The attempts, which are in the order of the test inputs, as the text of ``submission.json``.

    ``unasked``: task id → test inputs of tasks that are to be in it although nothing was tried: two grids of one cell each.
    """
    content: Submission = {}
    for a in attempts:
        content.setdefault(a.task_id, []).append({"attempt_1": a.attempt_1.tolist(), "attempt_2": a.attempt_2.tolist()})
    for task_id, count in (unasked or {}).items():
        content[task_id] = [{"attempt_1": [[0]], "attempt_2": [[1]]} for _ in range(count)]
    return json.dumps(content) + "\n"


def merged(there: Any, own: Submission, tasks: Sequence[Task], unasked: Mapping[str, int]) -> str:
    """The text of a submission in which ``own``, of some of the tasks, is in place of what it held for these.

    ``there``: what the file holds now, which may be anything; what is not valid in it is replaced by simple grids.
    """
    content = dict(own)
    for task in tasks:
        if task.id in own:
            continue
        try:
            content[task.id] = validate(there, [task])[task.id]
        except RunError:
            content |= json.loads(submission_json(vote([], task)))
    order = {task.id: content[task.id] for task in tasks}
    return json.dumps(order | json.loads(submission_json([], unasked))) + "\n"


def validate(content: Any, tasks: Sequence[Task], where: str = "submission") -> Submission:
    """The content of a submission file, if it is valid for these tasks; ``where`` names it in an error.

    It may have entries for other tasks too.

    Raises:
        RunError: a task, test input, attempt or grid is missing or malformed; the message names the first.
    """
    for fault in faults(content, {task.id: len(task.test_inputs) for task in tasks}, where):
        raise RunError(fault)
    return cast(Submission, content)


def faults(content: Any, counts: Mapping[str, int], where: str = "submission") -> Iterator[str]:
    """What is wrong with a submission, a line each; ``counts``: task id → test inputs of all that it has to name.

    Entries of other tasks are no fault here, as nobody who scores it looks at them.
    """
    if not isinstance(content, dict):
        yield f"{where}: a JSON {type(content).__name__}; expected an object from task id to attempts — rebuild it"
        return
    for task_id, count in counts.items():
        entries = content.get(task_id)
        if task_id not in content:
            yield f"{where}: no entry for {task_id}; expected every task — rebuild it"
        elif not isinstance(entries, list) or len(entries) != count:
            yield f"{where}: task {task_id} has not {count} entries; expected one per test input — rebuild it"
        else:
            for i, entry in enumerate(entries):
                for key in ATTEMPTS:
                    try:
                        _attempt(entry, key, f"{where}: task {task_id}, test input {i}")
                    except TaskError as error:
                        yield str(error)


def _attempt(entry: Any, key: str, where: str) -> Grid:
    """The grid of an attempt; what it raises says what is wrong with it."""
    if not isinstance(entry, dict) or key not in entry:
        raise TaskError(f"{where}: no {key}; expected a grid — rebuild it")
    try:
        return grid_from_json(entry[key], f"{where}: {key}")
    except TaskError as error:
        # What it advises is for tasks, and in a submission nothing can be left out.
        raise TaskError(f"{str(error).partition(' — ')[0]} — rebuild it") from None


def hits(submission: Any, answers: Answers) -> dict[str, list[bool]]:
    """Task id → for each test input, whether one of the two attempts is exactly right.

    Of a submission that is not valid, what is missing or malformed is not right.
    """
    held = submission if isinstance(submission, dict) else {}
    found = {}
    for task_id, outputs in answers.items():
        entries = held.get(task_id)
        if not isinstance(entries, list) or len(entries) != len(outputs):
            entries = [None] * len(outputs)
        found[task_id] = [_right(entry, answer) for entry, answer in zip(entries, outputs, strict=True)]
    return found


def _right(entry: Any, answer: Grid) -> bool:
    for key in ATTEMPTS:
        with contextlib.suppress(TaskError):
            if np.array_equal(_attempt(entry, key, ""), answer):
                return True
    return False
