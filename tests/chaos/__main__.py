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
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from arcloop.progress import Progress
from tests.chaos.faults import FAULTS
from tests.chaos.launch import Launcher
from tests.chaos.trial import SETTINGS, damage, reference, trial

DAMAGED = "one of its files cut or flipped"
KILLS = 6
"""Of each turn through all faults: what a cluster does most often."""


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
            turn = [*FAULTS[:1] * KILLS, *FAULTS[1:], None]
            while time.monotonic() < end:
                for fault in turn:
                    for of in references:
                        if time.monotonic() >= end:
                            break
                        what = DAMAGED if fault is None else fault.name
                        progress.stage(f"{of.kind}: {what}")
                        progress.fact("faults", injected.total())
                        progress.reach(round(60 * arguments.minutes - (end - time.monotonic())))
                        if fault is None:
                            lost = damage(of, launcher, folder / "run", rng)
                        else:
                            lost = trial(of, fault, launcher, other, folder / "run", rng)
                        if lost is None:
                            continue
                        injected[what, of.kind] += 1
                        failed[what, of.kind] += bool(lost)
                        for line in lost:
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
