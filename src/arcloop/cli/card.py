"""``arcloop card``: what a model wants to be treated like, shown or written down beside it."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from arcloop.cli.job import say
from arcloop.config import to_json
from arcloop.errors import ConfigError
from arcloop.files import write_bytes
from arcloop.model.card import CARD, GRAMMAR, ModelCard, has_card, model_folder, read_card

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Show how a model is asked and taught where no option says otherwise; with options, write it down.

    It is written to arcloop.json beside the model's files, where every command finds it, or to another folder.
    """

    model: tyro.conf.Positional[str]
    """``embedded``, a model folder or a hub name."""
    out: Annotated[Path | None, tyro.conf.arg(aliases=("--output-dir",))] = None
    """Folder to write arcloop.json to; default: the model's."""
    template: Literal["barc", "compact", "plain"] | None = None
    """Prompt template that the model was trained on: ``barc`` for BARC's models, ``plain`` for others."""
    learning_rate: float | None = None
    """Peak learning rate for its adapters."""
    cells: int | None = None
    """Cells of all grids of a prompt at the most, by leaving out train pairs."""
    max_prompt_tokens: int | None = None
    """Longest prompt that it can be expected to read."""
    max_tokens: int | None = None
    """Longest program that it can be expected to write."""
    context: int | None = None
    """Tokens that it reads, prompt and completion together; default: what its config.json says."""


def main(argv: list[str]) -> int:
    """Parse the arguments, and show or write."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop card")
    console, name = Console(), arguments.model
    if name == GRAMMAR:
        raise ConfigError("model is grammar: random programs, which nobody asks; expected a model — pass another")
    folder = Path(model_folder(name))
    given = {field.name: value for field in fields(ModelCard) if (value := getattr(arguments, field.name)) is not None}
    wrong = next((key for key, value in given.items() if key != "template" and value <= 0), None)
    if wrong is not None:
        raise ConfigError(f"--{wrong.replace('_', '-')} is {given[wrong]}; expected more than 0 — pass another")
    card = replace(read_card(name), **given)
    if not given and arguments.out is None:
        source = CARD if has_card(name) else f"no {CARD}: guessed from its name and its config.json"
        say(console, f"{name} ({source})")
        for field in fields(card):
            value = getattr(card, field.name)
            say(console, f"{field.name.replace('_', '-'):18} {'not known' if value is None else value}")
        return 0
    if name == "embedded" and arguments.out is None:
        raise ConfigError("model is embedded, whose card is part of arcloop; expected --out beside it — name a folder")
    out = arguments.out or folder
    if not out.is_dir():
        raise ConfigError(f"--out {out}: no such folder; expected one to write {CARD} to — make it first")
    write_bytes(out / CARD, to_json(card).encode())
    say(console, f"card  {out / CARD}")
    return 0
