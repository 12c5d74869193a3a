"""What ``run``, ``resume`` and ``evaluate`` share: put the parts together, go on, print and report."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

from rich.console import Console

from arcloop.assembly import make_parts
from arcloop.cli.table import print_numbers
from arcloop.config import Config
from arcloop.errors import ArcloopError
from arcloop.evaluation.outcome import conclude
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Answers
from arcloop.report.run_page import write_report
from arcloop.runs.rundir import RunDir
from arcloop.search.budget import Budget, DeadlineError, moment
from arcloop.tasks.sets import load_answers

_NAMED = 5
"""Skipped prompts that are named on the terminal; all are in the metrics.json of their groups."""

__all__ = ["finish", "go_on", "say", "terminated_like_ctrl_c", "wide"]


def go_on(run: RunDir, deadline: str | None = None) -> int:
    """Do what is left of a run, then write and print its outcome, also if it is stopped on the way.

    ``deadline``: as ``budget.moment`` takes it; None = never.
    """
    end = None if deadline is None else moment(deadline, time.time())
    console = wide()
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
    say(console, f"arcloop: {len(run.tasks())} tasks of {config.tasks}, {_origin(config)}, run in {run.path}")
    with Sandbox(config.execution) as sandbox:
        say(console, f"sandbox: {sandbox.protection} protection")
        with make_parts(config, run.tasks()) as parts:
            if parts.trainer is None and config.rounds > 1:
                say(console, f"nothing here learns: {config.rounds} rounds are {config.rounds} searches")
            total = len(run.tasks()) * config.rounds * config.programs
            budget = Budget(config.budget, deadline)
            try:
                with Progress(console, total, "programs") as progress:
                    loop = Loop(
                        run, parts.sampler, sandbox, parts.trainer, progress, parts.anchors, budget, parts.apart
                    )
                    loop.search_and_learn()
            finally:
                if summary := parts.summary():
                    say(console, summary)


def _origin(config: Config) -> str:
    """Where the completions come from, in words."""
    if config.source is not None:
        return f"completions of the run {config.source}"
    if config.sampler == "grammar":
        return "random programs of the grammar"
    return f"model {config.model}" + (f" with adapter {config.adapter}" if config.adapter else "")


def finish(run: RunDir, console: Console) -> None:
    """Write submission, numbers and report from what is done, and print the table."""
    groups = len(run.groups())
    with Progress(console, groups, "groups") as progress:
        progress.stage("voting and counting")
        numbers = conclude(run, _answers(run, console), progress.advance)
    report = write_report(run)
    print_numbers(numbers, console)
    for line in _left_out(run):
        say(console, line)
    say(console, f"submission  {run.path / 'submission.json'}\nreport      {report}")


def _left_out(run: RunDir) -> Iterator[str]:
    """A line on the prompts that were skipped, and one on the completions that failed, where there are any."""
    config = run.config()
    done = [group.search_numbers() for index in range(len(run.groups())) for _, group in run.done_groups(index)]
    skipped = [prompt_id for numbers in done for prompt_id in numbers.skipped_prompts]
    failed = sum(numbers.failed_completions for numbers in done)
    if skipped:
        too_long = f"longer than {config.sampling.max_prompt_tokens} tokens"
        why = f"not asked in {config.source}, or too long there" if config.source else too_long
        more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        yield f"skipped     {len(skipped)} prompts ({why}): {', '.join(skipped[:_NAMED])}{more}"
    if failed:
        why = f"not in {config.source}" if config.source else "the server failed at them"
        yield f"failed      {failed} completions ({why})"


def _answers(run: RunDir, console: Console) -> Answers:
    try:
        return load_answers(run.config().tasks)
    except ArcloopError as error:
        # The task files may have moved since: the submission does not need them, the numbers do without.
        say(console, f"without answers, so without pass@n and solved@2: {error}")
        return {}


def wide() -> Console:
    """The terminal; a log has no width, and the table is not to be squeezed into 80 columns there."""
    return Console(width=None if sys.stdout.isatty() else 200)


def say(console: Console, text: str) -> None:
    """Print a line as it is: paths in it are not broken, and their brackets mean nothing."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


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
