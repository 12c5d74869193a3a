"""``make chaos``: let everything happen to runs for some minutes, and print what was survived.

    python -m tests.chaos --minutes 15 --seed 1

Ends with exit code 1 if anything was lost.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from arcloop.progress import Progress
from tests.chaos.faults import FAULTS
from tests.chaos.launch import Launcher
from tests.chaos.trial import SETTINGS, damage, files, reference, trial

DAMAGED = "one of its files cut or flipped"
KILLS = 7
"""Runs that are killed again and again, of each turn through all faults: what a cluster does most often."""
DAMAGES = 8
"""Files that are damaged in each turn, one after the other, until every file was."""


@dataclass(frozen=True)
class Arguments:
    """Runs on random programs and on the embedded model, in turns, disturbed and gone on with."""

    minutes: float = 15
    """Wall time."""
    seed: int = 1
    """Of moments and damages."""


def main() -> int:
    """Run until the time is over; returns the exit code."""
    arguments = tyro.cli(Arguments, prog="python -m tests.chaos")
    rng, end = random.Random(arguments.seed), time.monotonic() + 60 * arguments.minutes
    injected: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            Launcher(folder / "first", stored_every=0.1) as launcher,
            Launcher(folder / "second") as other,
            Progress(console, round(60 * arguments.minutes), "seconds") as progress,
        ):
            references = [reference(kind, launcher, folder / f"reference {kind}") for kind in SETTINGS]
            damaged = {of.kind: cycle(files(of)) for of in references}
            turn = [*FAULTS[1:], *FAULTS[:1] * KILLS, *[None] * DAMAGES]
            for fault, of in cycle((fault, of) for fault in turn for of in references):
                if time.monotonic() >= end:
                    break
                what = DAMAGED if fault is None else fault.name
                progress.stage(f"{of.kind}: {what}")
                progress.fact("faults", injected.total())
                progress.reach(round(60 * arguments.minutes - (end - time.monotonic())))
                if fault is None:
                    outcome = damage(of, next(damaged[of.kind]), launcher, folder / "run", rng)
                else:
                    outcome = trial(of, fault, launcher, other, folder / "run", rng)
                injected[what, of.kind] += outcome.times
                failed[what, of.kind] += bool(outcome.lost)
                for line in outcome.lost:
                    console.print(f"{of.kind}: {what}: {line}", markup=False, highlight=False, soft_wrap=True)
    table = Table("fault", *(f"{kind}: {count}" for kind in SETTINGS for count in ("injected", "survived", "lost")))
    for what in [*(fault.name for fault in FAULTS), DAMAGED]:
        cells = [
            (injected[what, kind], injected[what, kind] - failed[what, kind], failed[what, kind]) for kind in SETTINGS
        ]
        table.add_row(what, *(str(count) for row in cells for count in row))
    Console(width=160).print(table)
    print(f"{injected.total()} faults, {failed.total()} lost anything")
    return 1 if failed.total() else 0


sys.exit(main())
