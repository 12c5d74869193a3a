"""The run directory: typed, written once, resumable.

    config.json      the resolved configuration
    memory.json      the latest values of settings that change memory alone, where they are others
    manifest.json    versions, and digests of the tasks, the model and the files beside it
    tasks.json       the tasks as they were searched, without answers
    unasked.json     the other tasks of a Kaggle challenges file, if there are any: a submission has to name all
    round_000/group_000/
        prompts, completions, programs, executions, scores .parquet      the search
        examples.parquet, adapter/                                       the learning, if another round follows
        search.json                                                      the search in numbers, written after its tables
        anchors.parquet                                                  rows that were mixed in, if there were any
        metrics.json                                                     what happened, in numbers
        DONE                                                             written last
    submission.json                                                      the best so far, from the run's first moment on
    failures.json                                                        groups that workers of a cluster have given up, and why
    metrics.json, report.html, README.md                                 as submission.json, can be rebuilt from the above

A group of a round without DONE was interrupted. What ``search.json`` vouches for is kept: a whole
search is not searched again, of half a one the part that a resumed run would have done the same.
"""

import dataclasses
import json
import reprlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from arcloop.config import Config, config_json, memory_of, read_config, to_json, with_memory
from arcloop.errors import ArcloopError, RunError
from arcloop.files import UnreadableError, parse_json, read_json, text_in, write_bytes
from arcloop.records import Completion, Prompt, Task
from arcloop.runs.groupdir import GroupDir, as_json, write_json
from arcloop.runs.lock import LOCK, Locks
from arcloop.runs.numbers import Manifest, RunNumbers
from arcloop.runs.schema import read_numbers, stored
from arcloop.runs.seals import digest, unsealed
from arcloop.submission.kaggle import Submission, merged, submission_json
from arcloop.submission.voting import vote
from arcloop.tasks.arcjson import task_from_json, task_to_json

_REMEDY = "restore it from a copy, or begin a new run"
_FORGET = "delete it: the settings are then those that the run began with"
_MEMORY = "memory.json"
_REBUILD = "make it anew with arcloop evaluate"
_BEGINNING = ("config.json", "manifest.json", "tasks.json", "unasked.json", "submission.json")

_BEGINNING_TAKES = 60.0
"""Seconds that one who shares a run waits for another one to begin it."""

__all__ = ["Place", "RunDir"]


@dataclass(frozen=True)
class Place:
    """One round of one group of tasks: what is searched, and then learned from, at a time."""

    round: int
    """Counted from 0."""
    index: int
    """Number of the group, from 0."""
    tasks: Sequence[Task]
    group: GroupDir
    ahead: int
    """Tasks × rounds that this process searches from here on, this group's of this round among them."""
    rounds: int
    """Rounds from this one on."""
    part: tuple[int, int, int]
    """Tasks of the run before the group, with the group, and in all: its part of what the run may spend."""

    @property
    def last(self) -> bool:
        """Is this the last round?"""
        return self.rounds == 1


@dataclass(frozen=True)
class RunDir:
    """A run's folder; make one with ``create`` or ``open``."""

    path: Path

    @classmethod
    def create(
        cls,
        path: Path,
        config: Config,
        tasks: Sequence[Task],
        manifest: Manifest,
        unasked: Mapping[str, int] | None = None,
        shared: bool = False,
    ) -> "RunDir":
        """Begin a run, or go on with the one that is there if it is the same.

        ``unasked``: task id → test inputs of tasks that a submission has to name besides. ``shared``: others may begin the
        same run at the same time, so the first one's beginning stands.

        Raises:
            RunError: ``path`` holds something else; nothing is changed then.
        """
        beginning = {
            "config.json": config_json(config).encode(),
            "tasks.json": as_json({task.id: task_to_json(task) for task in tasks}),
            **({"unasked.json": as_json(unasked)} if unasked else {}),
        }
        seals = {name: digest(content) for name, content in beginning.items()}
        # From its first moment on a run has a valid submission.
        beginning["submission.json"] = submission_json([a for t in tasks for a in vote([], t)], unasked).encode()
        beginning["manifest.json"] = as_json(stored(dataclasses.replace(manifest, files=seals)))
        untouched = _untouched(path)
        if not untouched or (path / "config.json").exists():
            run = cls.open(path)
            if run._matches(config, manifest, beginning if untouched else None):
                run.remember(memory_of(config))
                return run
            if not untouched or shared:
                raise RunError(
                    f"--out {path}: {run.difference(with_memory(config, memory_of(run.config())), manifest)}; expected the same "
                    "run or an empty folder — pass another --out, or the first run's settings to resume it"
                )
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Who holds it has begun the run, and may have done nothing else yet.
            with Locks() as locks:
                locks.take(path / LOCK, _BEGINNING_TAKES if shared else 0.0)
                if _untouched(path) and not (shared and (path / "config.json").exists()):
                    _begin(path, beginning)
                    if not shared:
                        return cls(path)
            return cls.create(path, config, tasks, manifest, unasked, shared)
        except OSError as error:
            raise RunError(
                f"--out {path}: {error.strerror}; expected a folder that can be written — pass another"
            ) from None

    def _matches(self, config: Config, manifest: Manifest, beginning: Mapping[str, bytes] | None) -> bool:
        """Is it the run that is asked for? ``beginning``: what its tasks' files have to hold, of one that has done nothing yet."""
        try:
            same = self.config() == with_memory(config, memory_of(self.config()))
            same = same and self.manifest().digests == manifest.digests
            if beginning is None or not same:
                return same
            paths = {name: self.path / name for name in ("tasks.json", "unasked.json")}
            return all(beginning.get(n) == (p.read_bytes() if p.exists() else None) for n, p in paths.items())
        except (ArcloopError, OSError):
            if beginning is None:
                raise
            return False  # it is begun anew

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """An existing run.

        Raises:
            RunError: ``path`` is no run directory.
        """
        if not (path / "config.json").is_file():
            what = "no config.json in it" if path.is_dir() else "no such folder" if not path.exists() else "a file"
            raise RunError(f"{path}: {what}; expected the folder of an arcloop run — check the path")
        return cls(path)

    def config(self) -> Config:
        """The configuration, resolved when the run began.

        Raises:
            ConfigError: the file has a setting that is unknown, or of another kind.
            RunError: it is not what was written.
        """
        return self._config

    def config_now(self) -> Config:
        """``config`` with the latest values of the settings that change memory alone.

        Raises:
            RunError: their file is damaged.
            ConfigError: as ``config``.
        """
        return with_memory(self.config(), self._remembered(), str(self.path / _MEMORY))

    def remember(self, settings: Mapping[str, Any]) -> None:
        """Keep these values of settings that change memory alone, by their dotted names; None leaves one as it is."""
        now = memory_of(self.config_now())
        changed = {name: value for name, value in settings.items() if value is not None and value != now[name]}
        if changed:
            with_memory(self.config(), changed)
            write_bytes(self.path / _MEMORY, as_json(self._remembered() | changed))

    def _remembered(self) -> dict[str, Any]:
        path = self.path / _MEMORY
        if not path.exists():
            return {}
        return _object(unsealed(path, None, _FORGET), path, _FORGET)

    def manifest(self) -> Manifest:
        """Versions and digests at the time when the run began.

        Raises:
            RunError: the file is damaged.
        """
        return read_numbers(Manifest, self.path / "manifest.json")

    @cached_property
    def _config(self) -> Config:
        self._begun("config.json")
        return read_config(self.path / "config.json")

    @cached_property
    def _tasks(self) -> list[Task]:
        path = self.path / "tasks.json"
        content = _object(self._begun("tasks.json"), path)
        return [task_from_json(task_id, raw, str(path))[0] for task_id, raw in content.items()]

    def _begun(self, name: str) -> bytes:
        """What is in a file that the run began with, if it is what was written."""
        return unsealed(self.path / name, self.manifest().files.get(name), _REMEDY)

    def beginning(self) -> bytes:
        """What the run began with, in one piece: its files without the tasks that were not asked."""
        return b"".join((self.path / name).read_bytes() for name in _BEGINNING if name != "unasked.json")

    def sweep(self, indices: Collection[int] | None = None) -> None:
        """Remove the half-written files of a process that was killed, of all or of the groups with the numbers ``indices``.

        Nobody else may be writing them.
        """
        folders = [self.path] if indices is None else [place.group.path for place in self.places(indices)]
        for folder in folders:
            for path in folder.rglob(".*.tmp"):
                path.unlink(missing_ok=True)

    def answered(self, index: int) -> tuple[list[Prompt], list[Completion]]:
        """All prompts and completions of a group of tasks, over the rounds that are done for it."""
        groups = [group for _, group in self.done_groups(index)]
        return [p for g in groups for p in g.prompts()], [c for g in groups for c in g.completions()]

    @property
    def finished(self) -> bool:
        """Is every round done for every group?"""
        return all(place.group.done for place in self.places())

    def difference(self, config: Config, manifest: Manifest) -> str:
        """The first thing in which this run differs from the one that was asked for, for an error message."""
        here = json.loads(to_json(self.config())) | self.manifest().digests
        there = json.loads(to_json(config)) | manifest.digests
        for key in there:
            if here.get(key) != there[key]:
                # Shortened, because the text of a prompt template may be in there.
                return f"a run with {key} {reprlib.repr(here.get(key))}, not {reprlib.repr(there[key])}"
        return "a run with other settings"

    def tasks(self) -> list[Task]:
        """The tasks of the run, without answers.

        Raises:
            RunError: the file is not what was written.
            TaskError: a task in it is none.
        """
        return list(self._tasks)

    def unasked(self) -> dict[str, int]:
        """Task id → test inputs of the tasks that the submission has to name besides those of the run.

        Raises:
            RunError: the file is not what was written.
        """
        path = self.path / "unasked.json"
        if "unasked.json" not in self.manifest().files and not path.exists():
            return {}
        content = _object(self._begun("unasked.json"), path)
        if not all(type(count) is int for count in content.values()):
            raise RunError(f"{path}: expected task ids with numbers of test inputs — {_REMEDY}")
        return content

    def groups(self) -> list[list[Task]]:
        """The run's tasks, cut into the groups that share an adapter."""
        tasks = self.tasks()
        size = self.config().group_size or max(1, len(tasks))
        return [tasks[start : start + size] for start in range(0, len(tasks), size)]

    def group(self, round_: int, index: int) -> GroupDir:
        """The folder of a round's group, which need not exist yet."""
        owners = frozenset(f"r{round_}/{task.id}" for task in self.groups()[index])
        return GroupDir(self.path / f"round_{round_:03}" / f"group_{index:03}", owners)

    def places(self, indices: Collection[int] | None = None) -> Iterator[Place]:
        """All groups of all rounds, or those with the numbers ``indices``, in the order in which they are searched."""
        rounds, groups = self.config().rounds, self.groups()
        own = [index for index in range(len(groups)) if indices is None or index in indices]
        ends = list(accumulate(map(len, groups)))
        ahead = rounds * sum(len(groups[index]) for index in own)
        for round_ in range(rounds):
            for index in own:
                tasks, left = groups[index], rounds - round_
                part = (ends[index] - len(tasks), ends[index], ends[-1])
                yield Place(round_, index, tasks, self.group(round_, index), ahead, left, part)
                ahead -= len(tasks)

    def before(self, place: Place) -> list[GroupDir]:
        """The folders of a group's earlier rounds, the first one first."""
        return [self.group(round_, place.index) for round_ in range(place.round)]

    def name(self, adapter: Path | None) -> str | None:
        """An adapter's folder inside the run; the whole path of one that the run was given."""
        if adapter is None or not adapter.is_relative_to(self.path):
            return None if adapter is None else str(adapter)
        return str(adapter.relative_to(self.path))

    def done_groups(self, index: int) -> Iterator[tuple[int, GroupDir]]:
        """The rounds that are done for a group of tasks: their numbers and folders."""
        for round_ in range(self.config().rounds):
            group = self.group(round_, index)
            if group.done:
                yield round_, group

    def searched_groups(self, index: int) -> Iterator[tuple[int, GroupDir]]:
        """The rounds for which a group of tasks has records of a search: their numbers and folders."""
        for round_ in range(self.config().rounds):
            group = self.group(round_, index)
            if group.searched:
                yield round_, group

    def write(self, name: str, content: str) -> Path:
        """Put a file that can be rebuilt (submission, metrics, report) into the folder; returns its path."""
        write_bytes(self.path / name, content.encode())
        return self.path / name

    def check_held(self) -> None:
        """Raise where another process has taken it for dead, and goes on with the run (see ``SharedRun``)."""

    def submit(self, own: Submission) -> None:
        """Put the attempts at some tasks into ``submission.json``; for the others it keeps what it holds."""
        path = self.path / "submission.json"
        try:
            there = read_json(path)
        except UnreadableError:
            there = None  # deleted, or damaged: made anew
        self.write(path.name, merged(there, own, self.tasks(), self.unasked()))

    def write_numbers(self, numbers: RunNumbers) -> None:
        """Store the numbers of the run in its ``metrics.json``."""
        write_json(self.path / "metrics.json", stored(numbers))

    def numbers(self) -> RunNumbers:
        """What ``write_numbers`` stored.

        Raises:
            RunError: there is no ``metrics.json``, or it is damaged; ``arcloop evaluate`` rebuilds it.
        """
        return read_numbers(RunNumbers, self.path / "metrics.json")

    def read(self, name: str) -> Any:
        """An object from a JSON file that ``write`` put there.

        Raises:
            RunError: it is missing or damaged.
        """
        path = self.path / name
        return _object(unsealed(path, None, _REBUILD), path, _REBUILD)


def _begin(path: Path, beginning: Mapping[str, bytes]) -> None:
    for name in set(_BEGINNING) - set(beginning):
        (path / name).unlink(missing_ok=True)  # of a run that was to be there before
    # The configuration last: a folder with one is a run.
    for name in sorted(beginning, key=lambda name: name == "config.json"):
        write_bytes(path / name, beginning[name])


def _untouched(path: Path) -> bool:
    """Is there nothing, or no more than the beginning of a run that has done nothing yet?"""
    try:
        names = {entry.name for entry in path.iterdir()} if path.is_dir() else None
    except OSError as error:
        raise RunError(f"--out {path}: {error.strerror}; expected a folder that can be read — pass another") from None
    if names is None:
        return not path.exists() or path.is_dir()  # another process may have made it by now
    return all(name in (*_BEGINNING, LOCK) or (name.startswith(".") and name.endswith(".tmp")) for name in names)


def _object(content: bytes, path: Path, remedy: str = _REMEDY) -> dict[str, Any]:
    try:
        found = parse_json(text_in(content))
    except UnreadableError as error:
        raise RunError(f"{path}: cannot be read ({error}); expected a file of this run — {remedy}") from None
    if not isinstance(found, dict):
        raise RunError(f"{path}: a JSON {type(found).__name__}; expected an object — {remedy}")
    return found
