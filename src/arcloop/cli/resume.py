"""``arcloop resume``: the rest of an interrupted run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.assembly import TrackerName
from arcloop.cli.job import go_on
from arcloop.cli.options import ClusterOptions, flags
from arcloop.runs.rundir import RunDir
from arcloop.runs.shares import Share

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Go on with an interrupted run; it ends with the submission that it would have had undisturbed."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    rows: Annotated[int | None, tyro.conf.arg(name="sampling.rows")] = None
    """Another number of completions decoded side by side from now on."""
    prefill_tokens: Annotated[int | None, tyro.conf.arg(name="sampling.prefill-tokens")] = None
    """Another number of prompt tokens read at once from now on."""
    cache_gib: Annotated[float | None, tyro.conf.arg(name="sampling.cache-gib")] = None
    """Other room for keys and values from now on."""
    pack_tokens: Annotated[int | None, tyro.conf.arg(name="training.pack-tokens")] = None
    """Another number of tokens that go through the network at once while it is trained."""
    gradient_checkpointing: Annotated[bool | None, tyro.conf.arg(name="training.gradient-checkpointing")] = None
    """Whether activations are computed twice rather than kept."""
    deadline: str | None = None
    """End with what is there after so many seconds from now, or at a time such as 2026-05-01T18:30."""
    share: Annotated[str | None, tyro.conf.arg(metavar="K/N")] = None
    """Do the K-th of N equal parts of the work, such as 3/8, while other processes do the others."""
    spread: Annotated[ClusterOptions, tyro.conf.arg(name="")] = field(default_factory=ClusterOptions)
    """Which machines and devices work on it; this process where nothing is said."""

    report_to: TrackerName = "none"
    """Also send metrics of each round and group there, with that library installed: ``tensorboard`` writes into the run's
    folder, ``wandb`` stays offline unless ``WANDB_MODE`` says otherwise."""


def main(argv: list[str]) -> int:
    """Parse the arguments and go on."""
    arguments = tyro.cli(Arguments, args=flags(argv), prog="arcloop resume")
    run = RunDir.open(arguments.run)
    run.remember(
        {
            "sampling.rows": arguments.rows,
            "sampling.prefill_tokens": arguments.prefill_tokens,
            "sampling.cache_gib": arguments.cache_gib,
            "training.pack_tokens": arguments.pack_tokens,
            "training.gradient_checkpointing": arguments.gradient_checkpointing,
        }
    )
    share = None if arguments.share is None else Share.parse(arguments.share)
    return go_on(run, arguments.deadline, share, arguments.spread.config(), arguments.report_to)
