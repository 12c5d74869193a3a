"""``arcloop pretrain``: the embedded model from nothing."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from arcloop import pretraining
from arcloop.cli.job import terminated_like_ctrl_c
from arcloop.config import PretrainConfig, from_json
from arcloop.errors import ConfigError
from arcloop.progress import Progress

__all__ = ["main"]

_LOSSES = ("loss", "held_out_loss")
_SHARES = ("drawings_solved", "programs_solved", "refinements_repaired", "refinements_anew")


@dataclass(frozen=True)
class Arguments:
    """Make a small model that reads ARC tasks and writes programs, from random programs and no downloaded weights.

    Stopped, the same command goes on from the last checkpoint, at most five minutes old.
    """

    config: Annotated[PretrainConfig, tyro.conf.arg(name="")]
    out: Path
    """Folder of the model; pass it to ``arcloop run --model`` when it is done."""
    settings: Annotated[str | None, tyro.conf.arg(name="config", metavar="NAME|FILE")] = None
    """``cpu-2h``, ``gpu-10min`` or a JSON file of settings, which are the defaults of the other options then."""


def main(argv: list[str]) -> int:
    """Parse the arguments and pretrain."""
    defaults = Arguments(_settings_in(argv), tyro.MISSING)
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop pretrain", default=defaults)
    from arcloop.pretraining.pretrain import pretrain  # here, because torch takes seconds that --help should not

    console = Console()
    seconds = round(arguments.config.minutes * 60)
    resumed = (arguments.out / "pretraining" / "log.jsonl").exists()
    with terminated_like_ctrl_c(), Progress(console, seconds, "seconds") as progress:

        def on_progress(line: dict[str, float]) -> None:
            nonlocal resumed
            progress.stage("pretraining")
            progress.fact("rows", round(line["rows"]))
            progress.fact("steps", round(line["steps"]))
            for name in (*_LOSSES, *_SHARES):
                if name in line:
                    value = f"{line[name]:.4f}" if name in _LOSSES else f"{100 * line[name]:.0f} %"
                    progress.fact(name.replace("_", " "), value)
            # What an earlier process did says nothing about the time that is left.
            progress.reach(min(seconds, round(line["seconds"])), found=resumed)
            resumed = False

        pretrain(arguments.config, arguments.out, on_progress)
    console.print(f"model  {arguments.out}", highlight=False)
    return 0


def _settings_in(argv: list[str]) -> PretrainConfig:
    """The settings that the arguments begin from (``--config``), so that they can be the defaults.

    Raises:
        ConfigError: there are no such settings, or they cannot be read.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--config", nargs="?")
    given: str | None = parser.parse_known_args(argv)[0].config
    if given is None:
        return PretrainConfig()
    shipped = {path.stem.replace("_", "-"): path for path in sorted(Path(pretraining.__path__[0]).glob("*.json"))}
    path = shipped.get(given, Path(given))
    if not path.is_file():
        raise ConfigError(
            f"--config {given}: no such file; expected {', '.join(shipped)} or a JSON file of settings — check the path"
        )
    return from_json(PretrainConfig, path)
