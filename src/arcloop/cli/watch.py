"""``arcloop watch``: how a run is doing, in the terminal."""

import time
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from arcloop.cli.job import say, wide
from arcloop.errors import ConfigError
from arcloop.report.pulse import Pulse, pulse
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Watch a run from another terminal until it is finished.

    Shown are rounds, tasks solved, programs per second, time left, CPU, GPU, memory. A search under way stores what it has every minute. In the browser: arcloop view. Ctrl-C ends the watching alone.
    """

    run: tyro.conf.Positional[Path]
    """Folder of the run, finished or not."""
    every: float = 2.0
    """Seconds between two looks."""
    once: bool = False
    """Look once and end."""


def main(argv: list[str]) -> int:
    """Parse the arguments and watch."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop watch")
    if not 0.1 <= arguments.every <= 3600:
        raise ConfigError(f"--every {arguments.every:g}; expected 0.1 to 3600 seconds — pass another")
    run, console = RunDir.open(arguments.run), wide()
    now = pulse(run)
    if arguments.once or not console.is_terminal:
        console.print(_shown(now))
        while not (now.finished or arguments.once):
            time.sleep(arguments.every)
            before, now = now, pulse(run)
            if now.version != before.version:
                say(console, now.line)
        return 0
    with Live(_shown(now), console=console, refresh_per_second=4) as live:
        while not now.finished:
            time.sleep(arguments.every)
            now = pulse(run)
            live.update(_shown(now))
    return 0


def _shown(now: Pulse) -> Group:
    table = Table(box=None, header_style="bold", padding=(0, 3, 0, 0))
    for name in ("round", "programs", "hold a program", "tasks solved", "came further", "search", "learning", "loss"):
        table.add_column(name, justify="right")
    for one in now.rounds:
        table.add_row(
            str(one.number),
            f"{one.programs:,}",
            f"{one.holding / one.programs:.0%}" if one.programs else "",
            str(one.solved),
            str(one.further),
            f"{one.search_seconds:.0f} s",
            f"{one.learn_seconds:.0f} s" if one.learn_seconds else "",
            "" if one.loss is None else f"{one.loss:.3f}",
        )
    bar = Table.grid()
    bar.add_row(ProgressBar(total=1.0, completed=now.share, width=60))
    return Group(Text(now.line), bar, table)
