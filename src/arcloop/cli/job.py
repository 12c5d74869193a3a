"""What ``run``, ``resume`` and ``evaluate`` share: put the parts together, go on, print and report."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table

from arcloop.errors import ArcloopError
from arcloop.execution import Sandbox
from arcloop.loop import search_and_learn
from arcloop.metrics import Numbers, evaluate
from arcloop.progress import Progress
from arcloop.report import write_report
from arcloop.rundir import RunDir
from arcloop.submission import build_attempts, submission_json, validate
from arcloop.tasks import load_answers

__all__ = ["finish", "go_on"]


def go_on(run: RunDir) -> int:
    """Do what is left of a run, then write and print its outcome, also if it is stopped on the way."""
    console = Console()
    stopped = False
    with _terminated_like_ctrl_c():
        try:
            _search_and_learn(run, console)
        except KeyboardInterrupt:
            stopped = True
    finish(run, console)
    if stopped:
        console.print(f"Stopped. What is done is kept: go on with  arcloop resume {run.path}", highlight=False)
        return 130
    return 0


def _search_and_learn(run: RunDir, console: Console) -> None:
    config = run.config()
    if all(run.group(r, i).done for r in range(config.rounds) for i in range(len(run.groups()))):
        return
    console.print(
        f"arcloop: {len(run.tasks())} tasks of {config.tasks}, model {config.model}, run in {run.path}", highlight=False
    )
    from arcloop.model.language import (
        load_model,
    )  # here, because torch takes seconds that an error in the arguments should not
    from arcloop.sampling.transformers import TransformersSampler
    from arcloop.training.trainer import LoraTrainer

    with Sandbox(config.execution) as sandbox:
        console.print(f"sandbox: {sandbox.protection} protection", highlight=False)
        model = load_model(config.model, config.prompt)
        sampler = TransformersSampler(model, config.sampling)
        trainer = LoraTrainer(model, config.training)
        total = len(run.tasks()) * config.rounds * config.programs
        with Progress(console, total, "programs") as progress:
            search_and_learn(run, sampler, sandbox, trainer, progress)


def finish(run: RunDir, console: Console) -> None:
    """Vote, write submission, numbers and report from what is done, and print the table."""
    tasks = run.tasks()
    attempts = build_attempts(run)
    text = submission_json(attempts)
    submission_path = run.write("submission.json", text)
    submission = validate(run.read("submission.json"), tasks)
    try:
        known = load_answers(run.config().tasks)
    except ArcloopError as error:
        # The task files may have moved since: the submission does not need them, the numbers do without.
        console.print(f"no answers: {error}", highlight=False)
        known = {}
    answers = {task.id: known[task.id] for task in tasks if task.id in known}
    numbers = evaluate(run, submission, answers)
    run.write_json("metrics.json", numbers)
    report_path = write_report(run)
    _print_table(numbers, console)
    console.print(f"submission  {submission_path}\nreport      {report_path}", highlight=False, soft_wrap=True)


def _print_table(numbers: dict[str, Any], console: Console) -> None:
    columns = [*(f"round {i + 1}" for i in range(len(numbers["rounds"]))), "run"]
    rows = [*numbers["rounds"], numbers["run"]]
    table = Table("", *columns, box=None, header_style="bold")
    for name in Numbers.__dataclass_fields__:
        cells = [_cell(name, row[name]) for row in rows]
        if any(cells):
            table.add_row(_LABELS[name], *cells)
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


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if name == "programs" else f"{100 * value:.2f} %"


@contextlib.contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """SIGTERM, as batch systems send it before they kill, ends a run as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
