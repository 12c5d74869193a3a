"""``arcloop check``: is every file of a run what was written?"""

from dataclasses import dataclass
from pathlib import Path

import tyro

from arcloop.cli.job import say, wide
from arcloop.progress import Progress
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Read every file that a run's outcome rests on, and compare it with the digest that was stored when it was written.

    Each fault is a line that names the file and the way on. The exit code is 0 where there is none, else 1. Nothing is
    changed. A run under way may be checked; what it is writing at that moment may then be a fault.
    """

    run: tyro.conf.Positional[Path]
    """Folder of the run."""


def main(argv: list[str]) -> int:
    """Parse the arguments and check."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop check")
    run, console = RunDir.open(arguments.run), wide()
    with Progress(console, len(list(run.path.glob("round_*/group_*"))), "searches") as progress:
        progress.stage("checking")
        found = check(run, progress.advance)
    for line in (*found.faults, *(f"note: {note}" for note in found.notes)):
        say(console, line)
    counted = f"{found.files} files, {found.groups} searches, {found.programs} programs"
    say(console, f"{run.path}: {len(found.faults) or 'no'} fault{'s' * (len(found.faults) != 1)} in {counted}")
    return 1 if found.faults else 0
