"""``arcloop wheels``: all that is to be installed, for a machine without a network."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.assembly.wheelhouse import make_wheelhouse
from arcloop.cli.job import say, wide

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Make a folder with the wheels of arcloop and of all that it needs, in the versions that are tested.

    On a machine without a network (a Kaggle notebook, a cluster's node) arcloop is installed from it. Needs arcloop's
    repository, and pip with a network.
    """

    out: Path
    """Folder for the wheels; new, empty, or of an earlier call."""
    extra: tuple[str, ...] = ()
    """What is to be there besides: ``gpu`` (vLLM, 4-bit weights), ``cluster`` (Ray), ``track``."""
    python: Annotated[str | None, tyro.conf.arg(metavar="VERSION")] = None
    """Version of Python that they are for, such as 3.12; default: this one."""
    platform: tuple[str, ...] = ()
    """Platform that they are for, such as manylinux_2_28_x86_64; default: this machine's. With another Python or platform
    nothing is built, only fetched."""


def main(argv: list[str]) -> int:
    """Parse the arguments and make the folder."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop wheels")
    console = wide()
    made = make_wheelhouse(arguments.out, arguments.extra, arguments.python, arguments.platform, partial(say, console))
    say(console, f"{made.wheels} wheels, {made.size / 1e6:,.0f} MB, in {made.path}\ninstall  {made.install}")
    return 0
