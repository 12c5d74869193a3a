"""A submission file × a task set → what is wrong with it, and what it scores.

The file may be anybody's, and anything: it is read in linear time, and whatever is missing or malformed counts as wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcloop.errors import RunError, TaskError
from arcloop.evaluation.estimates import bootstrap
from arcloop.evaluation.metrics import solved_interval
from arcloop.files import UnreadableError, read_json
from arcloop.records import Answers, Task
from arcloop.submission.kaggle import faults, hits

__all__ = ["SubmissionScore", "read_submission", "score_submission", "submission_faults"]

_NAMED = 3


@dataclass(frozen=True)
class SubmissionScore:
    """What a submission scores with two attempts per test grid, over the tasks whose answers are known."""

    hits: dict[str, list[bool]]
    """Task id → for each test grid, whether one of the two attempts is exactly right."""
    solved_at_2: float
    """Share of right test grids, 0–1: solved@2 of a run's table."""
    solved_at_2_interval: tuple[float, float]
    """Ends of its 95 % interval over tasks."""
    per_task: float
    """Mean over tasks of their shares of right test grids, 0–1: what the ARC Prize of 2025 counts."""
    per_task_interval: tuple[float, float]
    whole_tasks: int
    """Tasks of which every test grid is right."""
    unknown: int
    """Tasks that are not counted, because not all of their answers are known."""


def read_submission(path: Path) -> Any:
    """The JSON in a submission file; ``submission_faults`` says whether it is one.

    Raises:
        RunError: it cannot be read, is no JSON, or has a task twice.
    """
    try:
        return read_json(path)
    except UnreadableError as error:
        raise RunError(f"{path}: {error}; expected a submission file — check the path, or rebuild it") from None


def submission_faults(content: Any, tasks: Sequence[Task], unasked: dict[str, int], where: str) -> list[str]:
    """A line for each fault: an id, a test input or an attempt that is missing, a grid that is none, an id too many.

    ``unasked``: task id → test inputs of what has to be named beside ``tasks``.
    """
    counts = {task.id: len(task.test_inputs) for task in tasks} | unasked
    found = list(faults(content, counts, where))
    strangers = [task_id for task_id in content if task_id not in counts] if isinstance(content, dict) else []
    if strangers:
        named = ", ".join(ascii(task_id)[1:-1][:60] for task_id in strangers[:_NAMED])
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        found.append(
            f"{where}: entries for {named}{more}; expected ids of the task set alone — leave them out, or pass the set that has them"
        )
    # What a key or a cell holds may be anything.
    return [str(RunError(line)) for line in found]


def score_submission(content: Any, tasks: Sequence[Task], answers: Answers) -> SubmissionScore:
    """Score a submission on those of the tasks whose answers are known.

    Raises:
        TaskError: of no task they are.
    """
    known = {task.id: answers[task.id] for task in tasks if len(answers.get(task.id, ())) == len(task.test_inputs)}
    if not known:
        raise TaskError(
            f"the answers of none of {len(tasks)} tasks are known; expected a set with answers — put the solutions file "
            "beside the challenges file, or pass another --tasks"
        )
    right = hits(content, known)
    shares = [sum(grids) / len(grids) for grids in right.values()]
    low, high = bootstrap(shares)
    return SubmissionScore(
        hits=right,
        solved_at_2=sum(map(sum, right.values())) / sum(map(len, right.values())),
        solved_at_2_interval=solved_interval(right),
        per_task=sum(shares) / len(shares),
        per_task_interval=(float(low[0]), float(high[0])),
        whole_tasks=sum(map(all, right.values())),
        unknown=len(tasks) - len(known),
    )
