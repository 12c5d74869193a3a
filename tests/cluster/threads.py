"""A crew without Ray: actors in this process, on the fakes, that can be lost."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from arcloop.cluster.actor import MARK, Actor, Assignment, Brief, MakeParts, News
from arcloop.cluster.driver import Driver, Lost
from arcloop.cluster.parcel import BEGINNING
from arcloop.config import Config, ExecutionConfig, SelectionConfig
from arcloop.hindsight.anchors import Anchors
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Sampler
from tests.arc_grids import FLIP
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

TASKS = [dataclasses.replace(FLIP, id=f"task{k}") for k in range(7)]
CONFIG = Config("fakes", rounds=3, programs=20, group_size=1, seed=4, selection=SelectionConfig(k=3))


class FakeIsolation(FakeExecutor):
    """The fake executor, which a worker makes for itself."""

    protection = "no"


@contextlib.contextmanager
def isolate(config: ExecutionConfig) -> Iterator[FakeIsolation]:
    """What runs programs, in a worker's process."""
    yield FakeIsolation()


@dataclass
class FakeParts:
    """What searches and learns, in a worker's process."""

    sampler: Sampler = field(default_factory=FakeSampler)
    trainer: FakeTrainer | None = field(default_factory=FakeTrainer)
    anchors: Anchors | None = None
    apart: bool = False


def making(parts: Callable[[], FakeParts]) -> MakeParts:
    """What ``make_parts`` is for a real run."""

    @contextlib.contextmanager
    def make(config: Config, tasks: Sequence[Task], *, devices: int) -> Iterator[FakeParts]:
        yield parts()

    return make


Before = Callable[[int, Assignment], Lost | None]


class Threads:
    """A ``Crew``: ``before`` is asked before a worker gets a group; where it says that the worker is lost, it is."""

    def __init__(self, run: RunDir, size: int, seen: bool = True, before: Before = lambda number, order: None) -> None:
        beginning = {name: (run.path / name).read_bytes() for name in BEGINNING if (run.path / name).exists()}
        self._brief = Brief(str(run.path), "m", beginning, 1, 1, version("arcloop"))
        (run.path / MARK).write_text("m" if seen else "another")
        self._size = size
        self._before = before
        self._number = 0
        self.make = making(FakeParts)
        self.listening: Callable[[], None] = lambda: None
        """Called whenever the driver listens; what it raises, the driver meets there."""
        self.lost: dict[int, Lost] = {}
        self.dead: set[str] = set()
        self.actors: dict[int, Actor] = {}
        self.reason = ""
        self.stopped = threading.Event()

    def hear(self, seconds: float, wanted: int) -> list[tuple[int, News | Lost]]:
        self.listening()
        while len(self.actors) < min(self._size, wanted) and not self.reason:
            self._number += 1
            self.actors[self._number] = Actor(self.make, self._brief, isolate)
        time.sleep(0.01)
        said: list[tuple[int, News | Lost]] = []
        for number, actor in list(self.actors.items()):
            said.append((number, self.lost.pop(number) if number in self.lost else actor.look(0)))
        return said

    def work(self, worker: int, assignment: Assignment) -> None:
        lost = self._before(worker, assignment)
        if lost is None:
            self.actors[worker].work(assignment)
        else:
            self.lost[worker] = lost

    def dismiss(self, worker: int, reason: str | None = None) -> None:
        self.actors.pop(worker).end(5)
        self.reason = reason or self.reason

    def stop(self) -> None:
        self.stopped.set()
        for actor in self.actors.values():
            actor.stop()

    def alive(self, node: str) -> bool:
        return node not in self.dead


def begun(path: Path, config: Config = CONFIG, tasks: Sequence[Task] = TASKS) -> RunDir:
    """A run on fakes."""
    return RunDir.create(path, config, tasks, MANIFEST)


def drive(run: RunDir, crew: Threads, deadline: float | None = None) -> list[str]:
    """Have the crew do what is left of the run; what the driver tells."""
    told: list[str] = []
    left = {place.index: 1.0 for place in run.places() if not place.group.done}
    with Progress(Console(quiet=True), 1, "programs") as progress:
        try:
            Driver(run, crew, left, progress, told.append, deadline).search_and_learn()
        finally:
            for actor in crew.actors.values():
                actor.end(5)
            (run.path / MARK).unlink()
    return told
