"""``arcloop pretrain``: the embedded model from nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from arcloop.config import PretrainConfig
from arcloop.progress import Progress

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Make a small model that reads ARC tasks and writes programs, from random programs and no downloaded weights.

    Stopped, the same command goes on from the last checkpoint, at most five minutes old.
    """

    config: Annotated[PretrainConfig, tyro.conf.arg(name="")]
    out: Path
    """Folder of the model; pass it to ``arcloop run --model`` when it is done."""


def main(argv: list[str]) -> int:
    """Parse the arguments and pretrain."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop pretrain")
    from arcloop.pretraining.pretrain import pretrain  # here, because torch takes seconds that --help should not

    console = Console()
    seconds = round(arguments.config.minutes * 60)
    with Progress(console, seconds, "seconds") as progress:

        def on_progress(line: dict[str, float]) -> None:
            progress.stage("pretraining")
            progress.fact("rows", round(line["rows"]))
            progress.fact("steps", round(line["steps"]))
            for name in ("loss", "held_out_loss"):
                if name in line:
                    progress.fact(name.replace("_", " "), f"{line[name]:.4f}")
            progress.reach(min(seconds, round(line["seconds"])))

        pretrain(arguments.config, arguments.out, on_progress)
    console.print(f"model  {arguments.out}", highlight=False)
    return 0
