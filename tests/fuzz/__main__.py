"""``make fuzz``: every parser is given what its own code makes the fuzzer try, for some minutes.

    python -m tests.fuzz --minutes 10
    python -m tests.fuzz --only reply "table of rows"

Coverage guides what is tried (atheris, which is libFuzzer for Python). Ends with exit code 1 if anything was
neither read nor refused in one line; the input is then in the folder that is named.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

from arcloop.progress import Progress
from tests.fuzz.parsers import PARSERS, Parser

KINDS = ("bytes", "near")
"""See ``target``."""


@dataclass(frozen=True)
class Arguments:
    """Fuzz everything that reads what others wrote."""

    minutes: float = 10
    """Wall time of all together."""
    only: Sequence[str] = ()
    """Names of parsers; all if empty."""


@dataclass(frozen=True)
class Found:
    """What came of one parser."""

    tried: int
    """Inputs."""
    failed: str
    """How it ended where it read or refused not everything; empty otherwise."""


def main() -> int:
    """Fuzz until the time is over; returns the exit code."""
    arguments = tyro.cli(Arguments, prog="python -m tests.fuzz")
    parsers = [p for p in PARSERS if p.name in arguments.only or not arguments.only]
    if len(parsers) < len(set(arguments.only)):
        print(f"--only {' '.join(arguments.only)}: expected names among {', '.join(p.name for p in PARSERS)}")
        return 2
    targets = [(parser, kind) for parser in parsers for kind in KINDS]
    at_once = min(len(os.sched_getaffinity(0)), len(targets))
    seconds = max(1, round(60 * arguments.minutes * at_once / len(targets)))
    kept = Path(tempfile.mkdtemp(prefix="arcloop-fuzz-"))
    tried: Counter[tuple[str, str]] = Counter()
    failed: Counter[str] = Counter()
    console = Console()
    with ThreadPoolExecutor(at_once) as pool, Progress(console, len(targets), "targets") as progress:
        waiting = {pool.submit(_fuzz, *target, seconds, kept): target for target in targets}
        for done, future in enumerate(as_completed(waiting), 1):
            found, (parser, kind) = future.result(), waiting[future]
            progress.reach(done)
            tried[parser.name, kind] = found.tried
            if found.failed:
                failed[parser.name] += 1
                console.print(f"{parser.name}: {found.failed}", markup=False, highlight=False, soft_wrap=True)
    table = Table("parser", "bytes tried", "changed examples tried", "neither read nor refused")
    for parser in parsers:
        table.add_row(parser.name, *(f"{tried[parser.name, kind]:,}" for kind in KINDS), str(failed[parser.name]))
    console.print(table)
    print(f"{tried.total():,} inputs, {failed.total()} neither read nor refused")
    if failed:
        print(f"the inputs are in {kept}")
    return 1 if failed else 0


def _fuzz(parser: Parser, kind: str, seconds: int, kept: Path) -> Found:
    """Fuzz one parser in a process of its own, which is what libFuzzer wants."""
    folder = kept / f"{parser.name} {kind}".replace(" ", "-")
    examples = folder / "examples"
    examples.mkdir(parents=True)
    for number, seed in enumerate(parser.seeds if kind == "bytes" else ()):
        (examples / str(number)).write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        "-max_len=20000",
        "-timeout=20",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz.target",
            parser.name,
            kind,
            *options,
            f"-artifact_prefix={folder}/",
            str(examples),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    tried = re.search(r"number_of_executed_units: (\d+)", ended.stdout)
    return Found(int(tried[1]) if tried else 0, ended.stdout[-3000:] if ended.returncode else "")


sys.exit(main())
