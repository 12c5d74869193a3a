"""``arcloop resume``: the rest of an interrupted run."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from arcloop.assembly import TrackerName
from arcloop.cli.job import go_on
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Go on with an interrupted run; it ends with the submission that it would have had undisturbed."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    deadline: str | None = None
    """End with what is there after so many seconds from now, or at a time such as 2026-05-01T18:30."""

    report_to: TrackerName = "none"
    """Also send metrics of each round and group there, with that library installed: ``tensorboard`` writes into the run's
    folder, ``wandb`` stays offline unless ``WANDB_MODE`` says otherwise."""


def main(argv: list[str]) -> int:
    """Parse the arguments and go on."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop resume")
    return go_on(RunDir.open(arguments.run), arguments.deadline, arguments.report_to)
