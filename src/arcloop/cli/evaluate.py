"""``arcloop evaluate``: a run's table, submission and report again, from what it stored."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from arcloop.cli.job import finish, wide
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Print the table of a run, finished or not, and rebuild its submission, numbers and report.

    The ends of 95 % intervals are in brackets: docs/evaluation.md explains every number.
    """

    run: tyro.conf.Positional[Path]
    """Folder of the run."""


def main(argv: list[str]) -> int:
    """Parse the arguments and evaluate."""
    finish(RunDir.open(tyro.cli(Arguments, args=argv, prog="arcloop evaluate").run), wide())
    return 0
