"""``arcloop merge``: a model folder from a model and an adapter."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from arcloop.cli.job import say
from arcloop.errors import ConfigError

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Add an adapter's weights to its model's own, and save what comes of it as a model folder.

    The folder goes wherever a model does: --model of every command, vLLM, llama.cpp's converter. The sums are made in 32 bits on
    a CPU and kept in the type of the model's files; a model of 8 billion weights takes 32 GB of memory for it.
    """

    adapter: tyro.conf.Positional[Path]
    """Folder of the saved adapter."""
    out: Annotated[Path, tyro.conf.arg(aliases=("--output-dir",))]
    """Folder of the model to be made; new or empty."""
    model: Annotated[str, tyro.conf.arg(aliases=("--model-path",))] = "embedded"
    """The model that the adapter was trained on: ``embedded``, a folder or a hub name."""


def main(argv: list[str]) -> int:
    """Parse the arguments and merge."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop merge")
    out = arguments.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"--out {out}: is there already; expected a new or empty folder — pass another")
    from arcloop.model.merging import merge  # here, because it imports torch

    merge(arguments.model, arguments.adapter, out)
    say(Console(), f"model  {out}")
    return 0
