"""``arcloop run``: a new run, or the rest of an interrupted one with the same settings."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.budget import moment
from arcloop.cli.job import go_on
from arcloop.config import Config
from arcloop.model.card import read_card, resolve
from arcloop.rundir import RunDir, manifest
from arcloop.tasks import TASK_SETS, load_tasks

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Search and learn on a task set: R search rounds of N programs per task, with learning between them.

    Ends with submission.json, a table and report.html in the output folder; from the first second on there is a
    submission of the best so far. Interrupted with Ctrl-C or killed, the same command goes on where it stopped.
    """

    config: Annotated[Config, tyro.conf.arg(name="")]
    out: Path
    """Folder of the run; new, empty, or that of the same run."""
    deadline: str | None = None
    """End with what is there after so many seconds from now, or at a time such as 2026-05-01T18:30; the run can be resumed."""


def main(argv: list[str]) -> int:
    """Parse the arguments and run."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop run")
    given = arguments.config
    # Paths as they are from anywhere, so that a run can be resumed from another folder.
    given = replace(given, tasks=_absolute(given.tasks), model=_absolute(given.model))
    if given.anchors.path is not None:
        given = replace(given, anchors=replace(given.anchors, path=str(Path(given.anchors.path).resolve())))
    if arguments.deadline is not None:
        moment(arguments.deadline, 0)  # an error in it comes before anything is done
    tasks = load_tasks(given.tasks, given.limit, given.task_ids)
    config = resolve(given, read_card(given.model))
    run = RunDir.create(arguments.out, config, tasks, manifest(config, tasks))
    return go_on(run, arguments.deadline)


def _absolute(name: str) -> str:
    path = Path(name)
    return str(path.resolve()) if path.exists() and name not in (*TASK_SETS, "drawing", "embedded") else name
