"""What does spreading cost? The driver's own time and memory over many groups of fakes, and two workers against one.

    python -m benchmarks.bench_cluster fakes [--groups 1000] [--workers 2] [--seconds 1.0]
    python -m benchmarks.bench_cluster real [--groups 8] [--programs 64]
    python -m benchmarks.bench_cluster learning [--rows 64] [--devices 1 2]

``fakes``: each group takes ``--seconds`` of sleep and next to no work, so that what is left of the wall time is what spreading
costs. Printed are the driver's CPU time, the wall time beyond the sleep, and the driver's private memory after each tenth of
the groups. ``real``: the embedded model on small ARC tasks, one task a group, by one worker and by two, each with one thread;
what counts is the time from the first worker's readiness to the end. ``learning``: one adapter, trained over several processes
of a thread each; what counts is the time from the second step to the last. Timings mean nothing on a machine that is busy otherwise.
"""

import argparse
import contextlib
import os
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console

from arcloop.assembly import begin, carry_on
from arcloop.assembly.spreading import spread
from arcloop.cluster import driver
from arcloop.config import ClusterConfig, Config, ExecutionConfig, LoadingConfig, SamplingConfig, TrainingConfig
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Sampler
from arcloop.seeds import generator
from arcloop.training import Fitting
from benchmarks.bench_loop import SMALL
from benchmarks.sleeping import SleepingSampler
from tests.arc_grids import FLIP
from tests.fakes import MANIFEST, FakeExecutor


@dataclass
class Parts:
    """What searches, in a worker's process."""

    sampler: Sampler
    trainer: None = None
    anchors: None = None
    apart: bool = False


@contextlib.contextmanager
def make(seconds: float, config: Config, tasks: Sequence[Task], *, devices: int) -> Iterator[Parts]:
    """Fakes that take so long."""
    yield Parts(SleepingSampler(seconds))


class Isolation(FakeExecutor):
    """The fake, which protects from nothing."""

    protection = "no"


@contextlib.contextmanager
def isolate(config: ExecutionConfig) -> Iterator[Isolation]:
    """What runs programs, in a worker's process."""
    yield Isolation()


def fakes(groups: int, workers: int, seconds: float) -> None:
    """Many short groups."""
    tasks = [replace(FLIP, id=f"task{k:05}") for k in range(groups)]
    config = Config("fakes", rounds=1, programs=8, group_size=1)
    memory: list[float] = []
    started: list[float] = []
    finish = driver.Agenda.finish
    process = psutil.Process()

    def measured(agenda: driver.Agenda, index: int) -> None:
        finish(agenda, index)
        started.append(time.monotonic())
        if len(agenda.done) % max(1, groups // 10) == 0:
            memory.append(process.memory_full_info().uss / 1e6)
            print(f"{len(agenda.done)} groups: {memory[-1]:.1f} MB, {sum(os.times()[:2]):.1f} s CPU", flush=True)

    driver.Agenda.finish = measured  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir.create(Path(folder) / "run", config, tasks, MANIFEST)
        spread(run, ClusterConfig("local", workers), Console(), None, print, partial(make, seconds), isolate)
    wall = started[-1] - started[0]
    ideal = (groups - 1) * seconds / workers
    print(f"{groups} groups of {seconds} s on {workers} workers: {wall:.1f} s wall, {ideal:.1f} s without any cost")


def real(groups: int, programs: int) -> None:
    """One worker against two."""
    sampling = SamplingConfig(max_tokens=160)
    config = Config(
        "arc1-train", task_ids=tuple(SMALL[:groups]), programs=programs, group_size=1, seed=1, sampling=sampling
    )
    took = {}
    for workers in (1, 2):
        ready: list[float] = []

        def tell(line: str, ready: list[float] = ready) -> None:
            if re.match("sandbox: ", line):
                ready.append(time.monotonic())

        with tempfile.TemporaryDirectory() as folder:
            run = begin(config, Path(folder) / "run")
            carry_on(run, Console(), tell=tell, cluster=ClusterConfig("local", workers))
            took[workers] = time.monotonic() - ready[0]
        print(f"{workers} workers: {took[workers]:.1f} s", flush=True)
    print(f"{groups} groups: one worker takes {took[1] / took[2]:.2f} times as long as two; load {os.getloadavg()}")


def learning(rows: int, devices: Sequence[int]) -> None:
    """One training over several processes."""
    # Here, because torch takes seconds, and its threads are told by then.
    from arcloop.exercises.exercise import example_of, sample_exercise
    from arcloop.model.language import load_model
    from arcloop.training.peers import Peers
    from arcloop.training.trainer import LoraTrainer

    model = load_model("embedded")
    settings = TrainingConfig(learning_rate=3e-4, epochs=1)
    exercises = [sample_exercise(generator(3, "bench", number), max_cells=900) for number in range(rows)]
    examples = [example_of(exercise, model.format) for exercise in exercises]
    took, losses = {}, {}
    for count in devices:
        ends: list[float] = []

        def on_step(step: int, steps: int, loss: float, ends: list[float] = ends) -> None:
            ends.append(time.monotonic())

        with (
            contextlib.closing(Peers("embedded", LoadingConfig(), settings, count, stay=True)) as peers,
            tempfile.TemporaryDirectory() as folder,
        ):
            trainer = LoraTrainer(model, settings, peers)
            fit = trainer.fit(Fitting(examples, None, Path(folder) / "adapter", random.Random(1), on_step))
        took[count], losses[count] = ends[-1] - ends[1], fit.losses
        same = losses[count] == losses[devices[0]]
        print(
            f"{count} processes: {took[count] / (len(ends) - 2):.2f} s a step, {took[devices[0]] / took[count]:.2f} times as fast as "
            f"{devices[0]}; losses the same: {same}",
            flush=True,
        )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("fakes")
    one.add_argument("--groups", type=int, default=1000)
    one.add_argument("--workers", type=int, default=2)
    one.add_argument("--seconds", type=float, default=1.0)
    other = kinds.add_parser("real")
    other.add_argument("--groups", type=int, default=8)
    other.add_argument("--programs", type=int, default=64)
    third = kinds.add_parser("learning")
    third.add_argument("--rows", type=int, default=64)
    third.add_argument("--devices", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    if arguments.kind == "learning":
        os.environ["OMP_NUM_THREADS"] = "1"
        learning(arguments.rows, arguments.devices)
    elif arguments.kind == "fakes":
        fakes(arguments.groups, arguments.workers, arguments.seconds)
    else:
        real(arguments.groups, arguments.programs)


if __name__ == "__main__":
    main()
