"""The files of a group ⇄ bytes by name, for machines that do not share a file system.

Bytes only, and only such names as a group's folders have: what comes from another machine is written to no other place.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from arcloop.errors import RunError
from arcloop.files import write_bytes
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.rundir import RunDir

__all__ = ["BEGINNING", "Parcel", "Stamps", "changed", "pack", "unpack"]

Parcel = dict[str, bytes]
"""Path of a file, relative to the run's folder → what is in it."""

BEGINNING = ("config.json", "manifest.json", "tasks.json", "memory.json")
"""What a run is, as far as its search and learning depend on it."""

_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}"
_NAME = re.compile(rf"round_[0-9]{{3,6}}/group_([0-9]{{3,9}})/(?:adapter/)?{_PART}")
_LAST = ("search.json", "metrics.json", "DONE")
"""What vouches for other files of its folder comes after them."""

Stamps = dict[str, tuple[int, int]]
"""Path of a file → when it was written, and its size."""


def pack(run: RunDir, index: int) -> Parcel:
    """What is stored of a group, as far as somebody can go on from it."""
    return changed(RunDir(run.path), index, {}, only_whole=True)


def changed(run: RunDir, index: int, sent: Stamps, *, only_whole: bool = False) -> Parcel:
    """The files of a group that were written since ``sent`` was brought up to date, which is done.

    ``only_whole``: without those of rounds that have no records of a search yet.
    """
    parcel = {}
    for round_ in range(run.config().rounds):
        group = run.group(round_, index)
        if only_whole and not group.searched:
            continue
        for path in sorted(_files(group)):
            name, status = path.relative_to(run.path).as_posix(), path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if sent.get(name) != stamp:
                parcel[name] = path.read_bytes()
                sent[name] = stamp
    return parcel


def unpack(parcel: Mapping[str, bytes], folder: Path, index: int) -> None:
    """Write the files of a group into the run's folder; whenever it is interrupted, what is there can be gone on from.

    Raises:
        RunError: a name is none of a file of this group; nothing is written then.
    """
    for name in parcel:
        found = _NAME.fullmatch(name)
        if found is None or int(found[1]) != index:
            raise RunError(
                f"group {index}: its worker sent a file {name[:100]!r}; expected files of this group — use the same version "
                "of arcloop on all machines"
            )
    for name in parcel:
        _prepare(folder, name)
    order = sorted(parcel, key=lambda name: (_LAST.index(Path(name).name) if Path(name).name in _LAST else -1, name))
    for name in order:
        write_bytes(folder / name, parcel[name])


def _prepare(folder: Path, name: str) -> None:
    """Make the folder of a file, and take back what vouches for what is about to be written anew."""
    path = folder / name
    round_ = folder / Path(name).parts[0]
    round_.mkdir(exist_ok=True)
    group = round_ / Path(name).parts[1]
    group.mkdir(exist_ok=True)
    if path.parent != group:
        if not (group / "DONE").exists():
            shutil.rmtree(path.parent, ignore_errors=True)  # what an interrupted learning left
        path.parent.mkdir(exist_ok=True)
    elif path.name == "search.json":
        path.unlink(missing_ok=True)


def _files(group: GroupDir) -> list[Path]:
    if not group.path.is_dir():
        return []
    # An adapter counts when it is trained to the end.
    found = group.path.rglob("*") if group.done else group.path.glob("*")
    return [path for path in found if path.is_file() and not path.name.startswith(".")]
