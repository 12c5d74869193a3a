"""``arcloop score``: a submission file and a task set → the share of test grids that two attempts solve."""

import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro

from arcloop.cli.job import say, wide
from arcloop.cli.table import percent
from arcloop.evaluation.submitted import read_submission, score_submission, submission_faults
from arcloop.files import write_bytes
from arcloop.tasks.sets import load_answers, load_tasks, unasked

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Score a submission file, arcloop's or anybody's, against the answers of a task set.

    A test grid is solved if one of its two attempts is exactly right. What is missing or malformed is wrong, and is counted.
    The ends of 95 % intervals over tasks are in brackets: docs/evaluation.md.

    arcloop score runs/first/submission.json --tasks arc1-train
    """

    submission: tyro.conf.Positional[Path]
    """The file, as Kaggle takes it."""
    tasks: str
    """Task set whose answers are known: arc1-train, arc1-eval, arc2-train, arc2-eval, drawing; or the path of a folder of
    ARC JSON files or of a Kaggle challenges file with its solutions beside it."""
    task_ids: tuple[str, ...] = ()
    """Count only these tasks of the set."""
    named: bool = False
    """Count only the tasks that the submission names, where it was made for some of the set."""
    json: Path | None = None
    """Write the score and every task's hits here, as JSON."""


def main(argv: list[str]) -> int:
    """Parse the arguments, score, print."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop score")
    console = wide()
    content = read_submission(arguments.submission)
    tasks = load_tasks(arguments.tasks, task_ids=arguments.task_ids, skip_invalid=True, tell=partial(say, console))
    if arguments.named and isinstance(content, dict):
        tasks = [task for task in tasks if task.id in content] or tasks
    score = score_submission(content, tasks, load_answers(arguments.tasks))
    width = max(map(len, score.hits))
    for task_id, grids in score.hits.items():
        say(console, f"{task_id:<{width}}  {sum(grids)}/{len(grids)}  {' '.join('right' if g else '-' for g in grids)}")
    grids_ = [grid for grids in score.hits.values() for grid in grids]
    whole = f"{score.whole_tasks} of {len(score.hits)} tasks whole"
    say(
        console,
        f"solved@2  {percent(score.solved_at_2, score.solved_at_2_interval)}  {sum(grids_)} of {len(grids_)} test grids",
    )
    say(console, f"per task  {percent(score.per_task, score.per_task_interval)}  {whole}")
    if score.unknown:
        say(console, f"left out  {score.unknown} tasks whose answers are not known")
    beside = {} if arguments.task_ids or arguments.named else unasked(arguments.tasks, tasks)
    # Of chosen tasks alone something is asked; the others may well be there.
    judged = content
    if arguments.task_ids and isinstance(content, dict):
        judged = {task.id: content[task.id] for task in tasks if task.id in content}
    if faults := submission_faults(judged, tasks, beside, str(arguments.submission)):
        say(console, f"faults    {len(faults)}, counted as wrong: arcloop check names them; the first is\n{faults[0]}")
    if arguments.json is not None:
        write_bytes(arguments.json, (json.dumps(dataclasses.asdict(score), indent=1) + "\n").encode())
    return 0
