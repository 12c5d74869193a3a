"""What ``run``, ``resume`` and ``evaluate`` share: put the parts together, go on, print and report."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table

from arcloop.budget import Budget, DeadlineError, moment
from arcloop.cli.parts import make_parts
from arcloop.errors import ArcloopError
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.metrics import Numbers
from arcloop.outcome import conclude
from arcloop.progress import Progress
from arcloop.records import Answers
from arcloop.report import write_report
from arcloop.rundir import RunDir
from arcloop.tasks import load_answers

__all__ = ["finish", "go_on", "say", "terminated_like_ctrl_c"]


def go_on(run: RunDir, deadline: str | None = None) -> int:
    """Do what is left of a run, then write and print its outcome, also if it is stopped on the way.

    ``deadline``: as ``budget.moment`` takes it; None = never.
    """
    end = None if deadline is None else moment(deadline, time.time())
    # A log has no width: the table is not to be squeezed into 80 columns there.
    console = Console(width=None if sys.stdout.isatty() else 200)
    stopped = late = False
    with terminated_like_ctrl_c():
        try:
            _search_and_learn(run, console, end)
        except KeyboardInterrupt:
            stopped = True
        except DeadlineError:
            late = True
    finish(run, console)
    if stopped:
        say(console, f"Stopped. What is done is kept: go on with  arcloop resume {run.path}")
        return 130
    if late:
        say(console, f"The deadline has come. What is done is kept: go on with  arcloop resume {run.path}")
    return 0


def _search_and_learn(run: RunDir, console: Console, deadline: float | None) -> None:
    if run.finished:
        return
    run.check_model()
    config = run.config()
    say(console, f"arcloop: {len(run.tasks())} tasks of {config.tasks}, model {config.model}, run in {run.path}")
    with Sandbox(config.execution) as sandbox:
        say(console, f"sandbox: {sandbox.protection} protection")
        with make_parts(config) as parts:
            total = len(run.tasks()) * config.rounds * config.programs
            budget = Budget(config.budget, deadline)
            try:
                with Progress(console, total, "programs") as progress:
                    loop = Loop(run, parts.sampler, sandbox, parts.trainer, progress, parts.anchors, budget)
                    loop.search_and_learn()
            finally:
                if summary := parts.summary():
                    say(console, summary)


def finish(run: RunDir, console: Console) -> None:
    """Write submission, numbers and report from what is done, and print the table."""
    groups = len(run.groups())
    with Progress(console, groups, "groups") as progress:
        progress.stage("voting and counting")
        numbers = conclude(run, _answers(run, console), progress.advance)
    report = write_report(run)
    _print_table(numbers, console)
    say(console, f"submission  {run.path / 'submission.json'}\nreport      {report}")


def _answers(run: RunDir, console: Console) -> Answers:
    try:
        return load_answers(run.config().tasks)
    except ArcloopError as error:
        # The task files may have moved since: the submission does not need them, the numbers do without.
        say(console, f"without answers, so without pass@n and solved@2: {error}")
        return {}


def say(console: Console, text: str) -> None:
    """Print a line as it is: paths in it are not broken, and their brackets mean nothing."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_table(numbers: dict[str, Any], console: Console) -> None:
    columns = [*(f"round {i + 1}" for i in range(len(numbers["rounds"]))), "run"]
    rows = [*numbers["rounds"], numbers["run"]]
    table = Table("", *columns, box=None, header_style="bold")
    for name in Numbers.__dataclass_fields__:
        cells = [_cell(name, row[name]) for row in rows]
        if any(cells):
            table.add_row(_LABELS[name], *cells)
    for name, label in _HEALTH.items():
        values = [row[name] for row in numbers["health"]]
        if any(values):
            table.add_row(label, *(_health_cell(name, value) for value in values), *[""] * (len(columns) - len(values)))
    console.print(table)


_LABELS = {
    "programs": "programs",
    "valid_code": "valid code",
    "valid_outputs": "valid outputs",
    "unique_outputs": "unique outputs",
    "pixel_similarity": "pixel similarity",
    "correct_grids": "correct grids",
    "train_pass_rate": "train pass rate",
    "train_pass_at_n": "train pass@n",
    "pass_rate": "pass rate",
    "pass_at_n": "pass@n",
    "solved_at_2": "solved@2",
}


_HEALTH = {
    "hard_coded": "hard-coded",
    "discoveries": "discoveries",
    "stopped_tasks": "tasks done",
    "adapter_norm": "adapter norm",
    "loss": "last loss",
    "rolled_back": "rolled back",
}
"""Health of the adapter that a round ended with or, of the last two, began with; see ``health.per_round``."""


def _health_cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "hard_coded":
        return f"{100 * value:.2f} %"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if name == "programs" else f"{100 * value:.2f} %"


@contextlib.contextmanager
def terminated_like_ctrl_c() -> Iterator[None]:
    """SIGTERM, as batch systems send it before they kill, ends a run as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
