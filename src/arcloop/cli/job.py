"""What ``run``, ``resume`` and ``evaluate`` share: go on, print what happens, print the outcome."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from types import FrameType

from rich.console import Console

from arcloop.assembly import RunTracking, TrackerName, carry_on, evaluate, open_tracker
from arcloop.cli.table import print_numbers
from arcloop.config import ClusterConfig, require
from arcloop.runs.numbers import RunNumbers
from arcloop.runs.rundir import RunDir
from arcloop.runs.shares import Share, alone
from arcloop.search.budget import DeadlineError, moment

_NAMED = 5
"""Skipped prompts that are named on the terminal; all are in the metrics.json of their groups."""

__all__ = ["finish", "go_on", "say", "terminated_like_ctrl_c", "wide"]


def go_on(
    run: RunDir,
    deadline: str | None = None,
    share: Share | None = None,
    cluster: ClusterConfig | None = None,
    report_to: TrackerName = "none",
) -> int:
    """Do what is left of a run, then write and print its outcome, also if it is stopped on the way.

    ``deadline``: as ``budget.moment`` takes it; None = never. ``share``: of which others do the rest; who is done last
    writes the outcome. ``cluster``: which machines and devices work on it; None = this process.
    ``report_to``: a tracker that is told of it.

    Raises:
        ConfigError: there are both a share and a cluster.
    """
    both = share is not None and cluster is not None
    require(not both, "share", str(share), "expected none beside --cluster, which shares out the groups itself")
    end = None if deadline is None else moment(deadline, time.time())
    console = wide()
    stopped = late = False
    tracker = open_tracker(report_to, run.path)
    tracking = None if tracker is None else RunTracking(run, tracker)
    with terminated_like_ctrl_c():
        try:
            caught_up = tracking.catch_up if tracking else lambda: None
            carry_on(run, console, end, partial(say, console), share, cluster, caught_up)
        except KeyboardInterrupt:
            stopped = True
        except DeadlineError:
            late = True
    again = f"arcloop resume {run.path}" + (f" --share {share}" if share else "")
    if share is None or run.finished or (late and alone(run)):
        numbers = finish(run, console)
        if tracking is not None:
            tracking.conclude(numbers)
    else:
        say(console, _share_of(run, share))
    if tracking is not None:
        tracking.tracker.close()
    if stopped:
        say(console, f"Stopped. What is done is kept: go on with  {again}")
        return 130
    if late:
        say(console, f"The deadline has come. What is done is kept: go on with  {again}")
    return 0


def _share_of(run: RunDir, share: Share) -> str:
    own, done = share.groups(run), [place.index for place in run.places() if place.group.done]
    rounds = run.config().rounds
    mine = f"share {share}    {sum(index in own for index in done)} of {len(own) * rounds} groups × rounds are done"
    rest = f"{len(done)} of {len(run.groups()) * rounds} in the run"
    return f"{mine}, {rest}: the last share writes the table, or  arcloop evaluate {run.path}"


def finish(run: RunDir, console: Console) -> RunNumbers:
    """Write submission, numbers and report from what is done, print the table, and return the numbers."""
    numbers = evaluate(run, console, partial(say, console))
    print_numbers(numbers, console)
    for line in (*_scored(numbers), *_left_out(run)):
        say(console, line)
    say(console, f"submission  {run.path / 'submission.json'}\nreport      {run.path / 'report.html'}")
    return numbers


def _scored(numbers: RunNumbers) -> Iterator[str]:
    """A line on how many test grids there are answers for, where it is some of them."""
    known = [task for task in numbers.tasks.values() if task.hits is not None]
    if known and len(known) < len(numbers.tasks):
        grids = sum(len(task.votes) for task in known)
        of = f"{len(numbers.tasks)} tasks ({grids} of {sum(len(t.votes) for t in numbers.tasks.values())} test grids)"
        yield f"scored      {len(known)} of {of}: the others have no answers"


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


def wide() -> Console:
    """The terminal; a log has no width, and the table is not to be squeezed into 80 columns there."""
    return Console(width=None if sys.stdout.isatty() else 200)


def say(console: Console, text: str) -> None:
    """Print a line as it is: paths in it are not broken, and their brackets mean nothing."""
    # The name of a file may be in another encoding.
    text = text.encode("utf-8", "backslashreplace").decode()
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
