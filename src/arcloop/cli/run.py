"""``arcloop run``: a new run, or the rest of an interrupted one with the same settings."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.assembly import TrackerName, begin, replayed
from arcloop.cli.job import go_on, say, wide
from arcloop.cli.options import ClusterOptions, RunOptions, flags, print_short_help, recipe_in, source_in
from arcloop.config import Config, with_recipe
from arcloop.runs.shares import Share
from arcloop.search.budget import moment

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Search and learn on a task set: R search rounds of N programs per task, with learning between them.

    Ends with submission.json, a table and report.html in the output folder; from the first second on there is a
    submission of the best so far. Interrupted with Ctrl-C or killed, the same command goes on where it stopped.
    """

    config: Annotated[RunOptions, tyro.conf.arg(name="")]
    out: Path
    """Folder of the run; new, empty, or that of the same run."""
    recipe: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """Settings from a recipe: ``drawing``, ``no-augmentation``, or a TOML file of your own. Options beside it win."""
    share: Annotated[str | None, tyro.conf.arg(metavar="K/N")] = None
    """Do the K-th of N equal parts of the work, such as 3/8, while other processes do the others in the same folder."""
    deadline: str | None = None
    """End with what is there after so many seconds from now, or at a time such as 2026-05-01T18:30; the run can be resumed."""
    spread: Annotated[ClusterOptions, tyro.conf.arg(name="")] = field(default_factory=ClusterOptions)
    """Which machines and devices work on it; this process where nothing is said."""

    report_to: TrackerName = "none"
    """Also send metrics of each round and group there, with that library installed: ``tensorboard`` writes into the run's
    folder, ``wandb`` stays offline unless ``WANDB_MODE`` says otherwise."""


def main(argv: list[str]) -> int:
    """Parse the arguments and run."""
    source, recipe = source_in(argv), recipe_in(argv)
    base = replayed(source) if source else Config("")
    base = with_recipe(base, recipe) if recipe else base
    options = RunOptions.of(base) if base.tasks else replace(RunOptions.of(base), tasks=tyro.MISSING)
    if {"-h", "--help"} & set(argv):
        print_short_help(Arguments, options, "arcloop run")
    argv = ["--help" if argument == "--help-all" else argument for argument in argv]
    arguments = tyro.cli(Arguments, args=flags(argv), prog="arcloop run", default=Arguments(options, tyro.MISSING))
    if arguments.deadline is not None:
        moment(arguments.deadline, 0)  # an error in it comes before anything is done
    share = None if arguments.share is None else Share.parse(arguments.share)
    cluster = arguments.spread.config()
    run = begin(arguments.config.config(), arguments.out, partial(say, wide()), shared=share is not None)
    return go_on(run, arguments.deadline, share, cluster, arguments.report_to)
