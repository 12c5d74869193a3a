"""Does anything grow? 100,000 programs through one sandbox, and a run of 200 rounds on fakes.

    python -m benchmarks.soak [--programs 100000] [--rounds 200]

A tenth of the programs end badly: exceptions, crashes, memory, state left behind. All are different, so none
is answered from memory. Measured are this process and all that it has started: private memory (what only they
use), open files and sockets, processes, threads, and what lies in /dev/shm and the folder for temporary files.
Exits with 1 if the second half ever holds more than the first did, memory by more than a twentieth.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from arcloop.config import Config, ExecutionConfig, SelectionConfig
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.training import Fit, Fitting
from tests.arc_grids import FLIP
from tests.execution.test_outcomes import mixed
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

CHUNK = 2000
"""Programs between two measurements."""
SHOWN = 10
"""Lines of a table."""


@dataclass(frozen=True)
class Held:
    """What this process and those that it has started hold at a moment."""

    memory: float
    """MB that only this process uses."""
    children: float
    """MB that only the others use, each by itself."""
    descriptors: int
    processes: int
    threads: int
    files: int
    """In /dev/shm and the folder for temporary files."""


def held() -> Held:
    """Measure now."""
    own = psutil.Process()
    others = own.children(recursive=True)
    memory, descriptors = 0.0, own.num_fds()
    for process in others:
        try:
            memory += process.memory_full_info().uss
            descriptors += process.num_fds()
        except psutil.NoSuchProcess:
            continue
    folders = (Path("/dev/shm"), Path(tempfile.gettempdir()))
    files = sum(len(list(folder.iterdir())) for folder in folders if folder.is_dir())
    own_memory = own.memory_full_info().uss
    return Held(own_memory / 1e6, memory / 1e6, descriptors, 1 + len(others), own.num_threads(), files)


def programs(count: int) -> list[Held]:
    """Execute that many different programs; what is held after each part of them."""
    work = mixed(CHUNK)
    measured = []
    with Sandbox(ExecutionConfig()) as sandbox, Progress(Console(), count, "programs") as progress:
        for part in range(count // CHUNK):
            jobs = [replace(job, id=f"{part}/{job.id}", source=f"{job.source}# {part}\n") for job in work]
            ended = sum(1 for _ in sandbox.execute(jobs))
            assert ended == len(jobs)
            measured.append(held())
            progress.reach((part + 1) * CHUNK)
    return measured


class Measuring(FakeTrainer):
    """Measures whenever a group learns."""

    def __init__(self) -> None:
        super().__init__()
        self.measured: list[Held] = []

    def fit(self, asked: Fitting) -> Fit:
        """As the fake does."""
        done = super().fit(asked)
        self.fits.clear()  # the fake's own memory
        self.starts.clear()
        self.measured.append(held())
        return done


def rounds(count: int) -> list[Held]:
    """A run of so many rounds; what is held after each but the last."""
    # Upside down, which the fakes find, and a colour that they never do: it stays open, or nobody would learn.
    tasks = [
        FLIP,
        Task("never", tuple(replace(pair, output=pair.output * 0 + 9) for pair in FLIP.train), FLIP.test_inputs),
    ]
    config = Config("fakes", rounds=count, programs=20, group_size=2, seed=4, selection=SelectionConfig(k=3))
    trainer = Measuring()
    with tempfile.TemporaryDirectory() as folder, Progress(Console(), count * 40, "programs") as progress:
        run = RunDir.create(Path(folder) / "run", config, tasks, MANIFEST)
        sampler = FakeSampler()
        Loop(run, sampler, FakeExecutor(), trainer, progress).search_and_learn()
    return trainer.measured


def grown(measured: Sequence[Held]) -> list[str]:
    """What the second half holds more of than the first."""
    half = len(measured) // 2
    found = []
    for name in Held.__dataclass_fields__:
        first, second = (max(getattr(one, name) for one in part) for part in (measured[:half], measured[half:]))
        # Memory is handed back in pieces; all else is counted.
        if second > (first * 1.05 + 2 if isinstance(second, float) else first):
            found.append(f"{name}: {first:.0f} in the first half, {second:.0f} in the second")
    return found


def shown(measured: Sequence[Held], what: str, each: int) -> Table:
    """Some of the measurements, evenly spread."""
    table = Table(what, "own MB", "children's MB", "descriptors", "processes", "threads", "files")
    step = max(1, len(measured) // SHOWN)
    for index, one in itertools.islice(enumerate(measured, 1), step - 1, None, step):
        table.add_row(f"{index * each:,}", *(f"{value:.0f}" for value in astuple(one)))
    return table


def main() -> int:
    """Measure both; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    parts: list[tuple[Callable[[int], list[Held]], int, str, int]] = [
        (programs, options.programs, "programs", CHUNK),
        (rounds, options.rounds, "rounds", 1),
    ]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # what others put there is not counted
        for measure, count, what, each in parts:
            start = time.monotonic()
            measured = measure(count)
            Console(width=120).print(shown(measured, what, each))
            more = grown(measured)
            print(
                f"{count:,} {what} in {time.monotonic() - start:.0f} s: {'; '.join(more) or 'nothing grows'}",
                flush=True,
            )
            found += more
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
