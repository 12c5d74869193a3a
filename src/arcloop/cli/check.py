"""``arcloop check``: is every file of a run what was written; is a submission file one that will be taken?"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro
from rich.console import Console

from arcloop.cli.job import say, wide
from arcloop.errors import ConfigError
from arcloop.evaluation.submitted import read_submission, submission_faults
from arcloop.progress import Progress
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir
from arcloop.tasks.sets import load_tasks, unasked

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Check a run, or a submission file: each fault is a line, and the exit code is 0 where there is none, else 1.

    Of a run, every file that its outcome rests on is read, and compared with the digest that was stored when it was
    written; each line names the file and the way on. Nothing is changed. A run under way may be checked; what it is writing
    at that moment may then be a fault.

    Of a submission, it is checked that it has every task of the set and no other, both attempts for every test input, and
    nothing but grids of 1–30 by 1–30 cells of colours 0–9.

    arcloop check runs/first

    arcloop check submission.json --tasks arc-agi_test_challenges.json
    """

    path: tyro.conf.Positional[Path]
    """Folder of a run, or a submission file."""
    tasks: str | None = None
    """Of a submission file: the task set that it is for, as ``arcloop run`` takes it."""


def main(argv: list[str]) -> int:
    """Parse the arguments and check."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop check")
    path, console = arguments.path, wide()
    if not path.is_file():
        if arguments.tasks is not None:
            raise ConfigError(
                f"--tasks beside {path}, which is no file; expected a submission file — leave --tasks out"
            )
        return _run(RunDir.open(path), console)
    if arguments.tasks is None:
        raise ConfigError(
            f"{path}: a file; expected --tasks beside a submission, or the folder of a run — pass the set that it is for"
        )
    return _submission(path, arguments.tasks, console)


def _run(run: RunDir, console: Console) -> int:
    with Progress(console, len(list(run.path.glob("round_*/group_*"))), "searches") as progress:
        progress.stage("checking")
        found = check(run, progress.advance)
    for line in (*found.faults, *(f"note: {note}" for note in found.notes)):
        say(console, line)
    counted = f"{found.files} files, {found.groups} searches, {found.programs} programs"
    say(console, f"{run.path}: {_many(found.faults)} in {counted}")
    return 1 if found.faults else 0


def _submission(path: Path, source: str, console: Console) -> int:
    content = read_submission(path)
    tasks = load_tasks(source, skip_invalid=True, tell=partial(say, console))
    beside = unasked(source, tasks)
    faults = submission_faults(content, tasks, beside, str(path))
    for line in faults:
        say(console, line)
    grids = sum(len(task.test_inputs) for task in tasks) + sum(beside.values())
    say(console, f"{path}: {_many(faults)} in {len(tasks) + len(beside)} tasks, {grids} test grids")
    return 1 if faults else 0


def _many(faults: list[str]) -> str:
    return f"{len(faults) or 'no'} fault{'s' * (len(faults) != 1)}"
