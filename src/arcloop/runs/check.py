"""A run directory → what is wrong with it: every file that the run's outcome rests on is read once.

The rest of arcloop finds a damaged file when it comes to need it; this finds it at once, for a run that is
to be copied, archived or gone on with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from arcloop.errors import ArcloopError, RunError
from arcloop.runs.origin import check_origin
from arcloop.runs.rundir import Place, RunDir
from arcloop.runs.seals import digest, unsealed
from arcloop.submission.kaggle import validate

__all__ = ["Checked", "check"]


@dataclass
class Checked:
    """What was looked at, and what was found."""

    faults: list[str] = field(default_factory=list)
    """A line for each: the file, what is wrong, and the way on."""
    notes: list[str] = field(default_factory=list)
    """A line for each thing that is no fault, and that one may want to know."""
    groups: int = 0
    """Rounds of groups with records."""
    files: int = 0
    """Files that are what was written."""
    programs: int = 0
    """Programs in the tables."""


def check(run: RunDir, on_group: Callable[[], None] = lambda: None) -> Checked:
    """Read all that a run's outcome rests on; ``on_group`` is called after each round of a group that has a folder."""
    found = Checked()
    try:
        places = list(run.places())
        found.files += len(run.manifest().files) + 1
        run.unasked()
    except ArcloopError as error:
        # Without its beginning nothing can be said of the rest.
        found.faults.append(str(error))
        return found
    for place in places:
        try:
            _group(place, found)
        except ArcloopError as error:
            found.faults.append(str(error))
        if place.group.path.exists():
            on_group()
    for part in (_origin, _outcome):
        try:
            part(run, found)
        except ArcloopError as error:
            found.faults.append(str(error))
    found.notes += [f"{path}: left by a process that was killed; may be deleted" for path in _temporary(run.path)]
    return found


def _group(place: Place, found: Checked) -> None:
    group = place.group
    if not group.searched:
        if group.path.exists():
            found.notes.append(f"{group.path}: interrupted before anything was stored; is searched anew on resume")
        return
    found.groups += 1
    found.files += group.check()
    seals = group.seals()
    if not seals:
        found.notes.append(f"{group.path}: written by an earlier version, without digests")
    # Also what has no digest has to be readable, and to belong together.
    found.programs += len(group.candidates())
    if "examples.parquet" in seals:
        group.examples()
    if not group.done:
        found.notes.append(f"{group.path}: not done yet; goes on from what is stored on resume")


def _origin(run: RunDir, found: Checked) -> None:
    if not run.finished:
        check_origin(run)


def _outcome(run: RunDir, found: Checked) -> None:
    path, unasked = run.path / "submission.json", run.unasked()
    submission = validate(run.read(path.name), run.tasks(), str(path))
    lacking = [task_id for task_id, count in unasked.items() if len(submission.get(task_id, ())) != count]
    if lacking:
        raise RunError(
            f"{path}: no entry for {lacking[0]} ({len(lacking)} in all); expected every task — make it anew with arcloop evaluate"
        )
    if not (run.path / "metrics.json").exists():
        found.notes.append(f"{run.path}: not evaluated yet; arcloop evaluate makes the table and the report")
        return
    numbers = run.numbers()
    if numbers.groups_done != sum(place.group.done for place in run.places()):
        found.notes.append(f"{run.path / 'metrics.json'}: older than the run; arcloop evaluate makes it anew")
        return
    for name, seal in numbers.files.items():
        ahead = name == path.name and not run.finished
        content = unsealed(run.path / name, None if ahead else seal, "make it anew with arcloop evaluate")
        if ahead and digest(content) != seal:
            # It went on since, and was interrupted before another group was done.
            found.notes.append(f"{path}: newer than metrics.json; arcloop evaluate makes both anew")
            continue
        found.files += 1
    found.files += 1


def _temporary(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.rglob(".*.tmp"))
    except OSError as error:
        raise RunError(f"{folder}: {error.strerror}; expected a folder that can be read — check its rights") from None
