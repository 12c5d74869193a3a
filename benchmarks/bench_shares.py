"""1,000 groups of fakes on 200 shares, at once and on one run directory: what sharing costs, and what ``arcloop plan`` says of it.

    python -m benchmarks.bench_shares --groups 1000 --shares 200 --seconds 60

Searches take a fixed time in which nothing is computed, as where a GPU is at work; all else is real: tables, locks, the
submission that all write, the table at the end. Shares are threads of a few processes, each with a run directory object of its own.
"""

import os
import resource
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import tyro
from rich.console import Console

from arcloop.assembly.probing import cores, rates_of
from arcloop.config import Config
from arcloop.evaluation.outcome import conclude
from arcloop.evaluation.planning import Work, limits, plan
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.runs.shares import Share, sharing
from benchmarks.sleeping import SleepingSampler
from tests.fakes import MANIFEST, FakeExecutor
from tests.test_loop import TASKS


@dataclass(frozen=True)
class Arguments:
    """How many of what."""

    groups: int = 1000
    shares: int = 200
    seconds: float = 60.0
    """Of each search."""
    processes: int = 4
    """That the shares are threads of."""


def search(path: Path, share: Share, seconds: float) -> None:
    with sharing(RunDir.open(path), share) as own, Progress(Console(quiet=True), 1, "programs") as progress:
        Loop(own, SleepingSampler(seconds), FakeExecutor(), None, progress).search_and_learn()


def shares(path: Path, numbers: Sequence[int], of: int, seconds: float) -> None:
    threads = [threading.Thread(target=search, args=(path, Share(number, of), seconds)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        f"process {os.getpid()}: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at the most",
        flush=True,
    )


def main() -> None:
    """Run the shares, and print what it took beside what was predicted."""
    asked = tyro.cli(Arguments, prog="python -m benchmarks.bench_shares")
    config = Config("fakes", rounds=1, programs=16, group_size=1, sampler="grammar", model="grammar")
    tasks = [
        Task(f"t{number:05}", TASKS[number % 3].train, TASKS[number % 3].test_inputs) for number in range(asked.groups)
    ]
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir.create(Path(folder) / "run", config, tasks, MANIFEST)
        begun = time.monotonic()
        numbers = range(1, asked.shares + 1)
        context = get_context("fork")
        processes = [
            context.Process(target=shares, args=(run.path, numbers[k :: asked.processes], asked.shares, asked.seconds))
            for k in range(asked.processes)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        took = time.monotonic() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = (run.path / "submission.json").read_bytes()
        begun = time.monotonic()
        conclude(run, {})
        outcome = time.monotonic() - begun
        same = (run.path / "submission.json").read_bytes() == best
        rates = rates_of(run)
        work = Work((1,) * asked.groups, 1, config.programs)
        predicted = plan(work, rates, asked.shares)
        ideal = -(-asked.groups // asked.shares) * asked.seconds
        print(
            f"{asked.groups} groups, {asked.shares} shares: {took:.1f} s; the searches alone {ideal:.1f} s: {took / ideal - 1:.1%} more"
        )
        print(
            f"{used.ru_utime + used.ru_stime:.0f} s of CPU time, of which the machine's {cores()} cores have {took * cores():.0f}"
        )
        print(
            f"planned {predicted.total - rates.outcome * work.completions:.1f} s, of which {predicted.waiting / asked.shares:.2f} s waiting"
        )
        print(f"table {outcome:.1f} s; the submission that the shares put together is that of the tables: {same}")
        for limit in limits(work, rates, asked.shares, 1):
            print(f"{limit.name}: used up at {limit.devices:,.0f} devices ({limit.need})")


if __name__ == "__main__":
    main()
