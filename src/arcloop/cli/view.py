"""``arcloop view``: a run's page in the browser, while it goes on."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro

from arcloop.assembly import answers_of
from arcloop.cli.job import say, wide
from arcloop.errors import ConfigError
from arcloop.report.hosting import host
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Show the page of a run in the browser, refreshed while the run goes on.

    Above it stands how the run is doing: rounds, tasks solved, programs per second, time left, CPU, GPU, memory.
    Nobody else can reach it: from another machine, forward the port (ssh -L 8000:127.0.0.1:8000 HOST). Ctrl-C ends it.
    """

    run: tyro.conf.Positional[Path]
    """Folder of the run, finished or not."""
    port: int = 8000
    """Port to listen on; 0 = any that is free."""


def main(argv: list[str]) -> int:
    """Parse the arguments and serve."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop view")
    run, console = RunDir.open(arguments.run), wide()
    if not 0 <= arguments.port <= 65535:
        raise ConfigError(f"--port {arguments.port}; expected 0 to 65535 — pass another")
    answers = answers_of(run, partial(say, console))
    try:
        host(run, answers, arguments.port, lambda address: say(console, f"{run.path} at {address} — Ctrl-C ends it"))
    except OSError as error:
        raise ConfigError(f"--port {arguments.port}: {error.strerror}; expected a free one — pass 0 for any") from None
    return 0
