"""An earlier run, or one of two minutes that is made for it → the rates that a plan needs."""

import dataclasses
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from arcloop.assembly.beginning import begin
from arcloop.assembly.lengths import prompt_length
from arcloop.assembly.running import carry_on, evaluate
from arcloop.config import BudgetConfig, Config
from arcloop.errors import RunError
from arcloop.evaluation.planning import Rates, Searched, search_rates
from arcloop.files import write_bytes
from arcloop.records import Task
from arcloop.runs.numbers import GroupNumbers
from arcloop.runs.rundir import Place, RunDir
from arcloop.runs.shares import SharedRun
from arcloop.search.budget import DeadlineError
from arcloop.tasks.sets import load_tasks

__all__ = ["cores", "probed", "rates_of"]

_PROBE = 120.0
"""Seconds that a probe takes at the most, its start among them."""
_TASKS = 8
"""Tasks of a probe, as far apart in the set as can be."""
_PROGRAMS = 8
"""Programs per task and round that it begins with."""
_GROWTH = 1.5
"""Least factor of programs for which another run is worth its start."""
_CAREFUL = 0.8
"""Share of the time that is left that another run is to take."""
_WRITTEN = 20
"""Small files, and submissions, that are written to see how long it takes."""
_UNDISTURBED = 0.5
"""Longest part of a run's time, of what it searched and learned, that is believed to be its own and no interruption."""


def rates_of(run: RunDir, on: Path | None = None) -> Rates:
    """What the searches and learnings of a run needed; ``on``: a folder on the file system that is asked about.

    Raises:
        RunError: nothing in it was searched to the end.
    """
    config = run.config()
    done = [p for p in run.places() if p.group.searched and p.group.search_numbers().whole]
    if not done:
        raise RunError(
            f"{run.path}: no search of it is done; expected a run with one, and with a learning — resume it first"
        )
    stored = [p.group.numbers() if p.group.done else GroupNumbers(p.group.search_numbers(), None) for p in done]
    planned = sum(len(place.tasks) for place in done) * config.programs
    learned = [(p, n.learning) for p, n in zip(done, stored, strict=True) if n.learning is not None]
    # What a budget has cut short is no part of what is planned.
    budget = config.budget
    cut = any(limit is not None for limit in (budget.programs, budget.tokens, budget.seconds))
    completions = sum(n.search.completions for n in stored)
    length = prompt_length(config)
    lengths = {index: sum(map(length, tasks)) for index, tasks in enumerate(run.groups())}
    searches = [
        Searched(
            len(p.tasks),
            n.search.completions / len(p.tasks) if cut else config.programs,
            lengths[p.index],
            n.search.search_seconds,
        )
        for p, n in zip(done, stored, strict=True)
    ]
    completion, token = search_rates(searches)
    cpu = sum(c.execution.cpu_seconds for place in done for c in place.group.candidates())
    start, rest = _beside(run, done, [n.seconds for n in stored])
    ended = max(_end(place) for place in done)
    page = run.path / "report.html"
    outcome = _at(page) - ended if page.exists() else 0.0
    files = [path for place in done for path in place.group.path.rglob("*") if path.is_file()]
    tasks = sum(len(place.tasks) for place, _ in learned)
    return Rates(
        start=start,
        completion=completion,
        learning=sum(learning.learn_seconds for _, learning in learned) / tasks if tasks else None,
        rest=rest,
        outcome=outcome / max(1, completions) if 0 <= outcome < 600 else 0.0,
        submission=_writing_the_submission(run, on or run.path),
        cpu=cpu / max(1, completions if cut else planned),
        files=len(files) / len(done),
        bytes=sum(path.stat().st_size for path in files) / max(1, completions),
        file=_writing_a_file(on or run.path),
        token=token,
        length=sum(lengths[place.index] for place, _ in learned) / tasks if tasks else 0.0,
    )


def probed(config: Config, console: Console, tell: Callable[[str], None] = lambda line: None) -> Rates:
    """What runs of two minutes together, with these settings, need on a few of the tasks.

    Raises:
        ArcloopError: the tasks, the model or the sandbox cannot be had; or not even one search came to its end.
    """
    tasks = load_tasks(config.tasks, config.limit, config.task_ids, config.skip_invalid, lambda line: None)
    # Short and long ones apart, so that the length of prompts has a rate of its own.
    few = tuple(task.id for task in _spread(tasks, prompt_length(config)))
    small = dataclasses.replace(
        config,
        limit=None,
        task_ids=few,
        rounds=min(2, config.rounds),
        group_size=-(-len(few) // 2),
        budget=BudgetConfig(),
    )
    begun, found, programs = time.time(), None, min(_PROGRAMS, config.programs)
    folder = Path(tempfile.mkdtemp(prefix="arcloop-plan-"))
    try:
        while True:
            start = time.time()
            run = begin(dataclasses.replace(small, programs=programs), folder / f"{programs}", tell)
            try:
                carry_on(run, console, begun + _PROBE, tell)
            except DeadlineError:
                try:
                    return found or rates_of(run)
                except RunError:
                    raise RunError(
                        f"{few[0]} and {len(few) - 1} more: no search of {programs} programs was over in {_PROBE:.0f} s; expected "
                        "a faster device — plan --from a run"
                    ) from None
            evaluate(run, Console(quiet=True))
            found = rates_of(run)
            # Few completions at a time are slower than many, so as many as there is time for.
            left = _PROBE - (time.time() - begun)
            more = min(config.programs, int(programs * _CAREFUL * left / (time.time() - start)))
            if more < _GROWTH * programs:
                break
            programs = more
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _spread(tasks: Sequence[Task], length: Callable[[Task], float]) -> list[Task]:
    """A few of the tasks, of all lengths from the shortest to the longest, each standing for as many."""
    ordered = sorted(tasks, key=lambda task: (length(task), task.id))
    count = min(_TASKS, len(ordered))
    return [ordered[(2 * k + 1) * len(ordered) // (2 * count)] for k in range(count)]


def _beside(run: RunDir, done: list[Place], seconds: list[float]) -> tuple[float, float]:
    """Seconds of the start, and of each round of a group beside its search and learning, as the times of its files say."""
    began = _at(run.path / "config.json")
    ends = sorted((_end(place), took) for place, took in zip(done, seconds, strict=True))
    start = max(0.0, ends[0][0] - ends[0][1] - began)
    between = [later - earlier - took for (earlier, _), (later, took) in pairwise(ends)]
    rest = sum(between) / len(between) if between else 0.0
    whole = sum(seconds)
    # Runs that were interrupted, or done by several at once, say nothing of it.
    start = start if start <= _UNDISTURBED * max(whole, 60.0) else 0.0
    return start, rest if 0 <= rest * len(between) <= _UNDISTURBED * whole else 0.0


def _writing_the_submission(run: RunDir, on: Path) -> float:
    with tempfile.TemporaryDirectory(dir=on, prefix=".plan-") as name:
        for file in ("config.json", "tasks.json", "manifest.json", "unasked.json", "submission.json"):
            if (run.path / file).exists():  # tasks that were not asked are not always there
                shutil.copy(run.path / file, name)
        own = SharedRun(Path(name), (0,))
        begun = time.monotonic()
        for _ in range(_WRITTEN):
            own.submit({})
        return (time.monotonic() - begun) / _WRITTEN


def _writing_a_file(on: Path) -> float:
    with tempfile.TemporaryDirectory(dir=on, prefix=".plan-") as name:
        begun = time.monotonic()
        for number in range(_WRITTEN):
            write_bytes(Path(name) / f"{number}", b"x" * 4096)
        return (time.monotonic() - begun) / _WRITTEN


def _end(place: Place) -> float:
    return _at(place.group.path / ("DONE" if place.group.done else "search.json"))


def _at(path: Path) -> float:
    return path.stat().st_mtime


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
