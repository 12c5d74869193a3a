"""``arcloop resume``: the rest of an interrupted run."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from arcloop.cli.job import go_on
from arcloop.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Go on with an interrupted run; it ends with the submission that it would have had undisturbed."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""


def main(argv: list[str]) -> int:
    """Parse the arguments and go on."""
    return go_on(RunDir.open(tyro.cli(Arguments, args=argv, prog="arcloop resume").run))
