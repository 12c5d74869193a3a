"""Attempts → the Kaggle file ``submission.json``, its validator and its scorer.

``{task_id: [{"attempt_1": grid, "attempt_2": grid}, one per test input]}``, every task and both
attempts always present.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from arcloop.errors import RunError, TaskError
from arcloop.records import Answers, Attempt, Grid, Task
from arcloop.submission.voting import vote
from arcloop.tasks.arcjson import grid_from_json

__all__ = ["Submission", "hits", "merged", "submission_json", "validate"]

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

    Raises:
        RunError: a task, test input, attempt or grid is missing or malformed; the message names it.
    """
    if not isinstance(content, dict):
        raise RunError(
            f"{where}: a JSON {type(content).__name__}; expected an object from task id to attempts — rebuild it"
        )
    missing = [task.id for task in tasks if task.id not in content]
    if missing:
        raise RunError(
            f"{where}: no entry for {', '.join(missing[:3])} ({len(missing)} in all); expected every task — rebuild it"
        )
    for task in tasks:
        entries = content[task.id]
        if not isinstance(entries, list) or len(entries) != len(task.test_inputs):
            raise RunError(
                f"{where}: task {task.id} has not {len(task.test_inputs)} entries; expected one per test input — rebuild it"
            )
        for i, entry in enumerate(entries):
            for key in ("attempt_1", "attempt_2"):
                try:
                    grid_from_json(entry[key], f"{where}: task {task.id}, test input {i}: {key}")
                except (KeyError, TypeError):
                    raise RunError(
                        f"{where}: task {task.id}, test input {i}: no {key}; expected a grid — rebuild it"
                    ) from None
                except TaskError as error:
                    raise RunError(str(error)) from None
    return content


def hits(submission: Submission, answers: Answers) -> dict[str, list[bool]]:
    """Task id → for each test input, whether one of the two attempts is exactly right; tasks without answers are left out."""
    return {
        task_id: [_hit(entry, answer) for entry, answer in zip(submission[task_id], outputs, strict=True)]
        for task_id, outputs in answers.items()
        if task_id in submission
    }


def _hit(entry: dict[str, list[list[int]]], answer: Grid) -> bool:
    return any(np.array_equal(np.array(entry[key], dtype=np.int8), answer) for key in ("attempt_1", "attempt_2"))
