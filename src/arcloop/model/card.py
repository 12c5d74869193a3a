"""What a model wants to be treated like: the ``arcloop.json`` beside its weights.

A model without one is taken for a BARC-like chat model. Settings that a user leaves open are
filled from the card, and the filled values are what a run records.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from arcloop.config import Config, TrainingConfig, from_json
from arcloop.errors import ModelError
from arcloop.files import is_pointer

__all__ = [
    "CARD",
    "GRAMMAR",
    "ModelCard",
    "folder_digest",
    "model_digest",
    "model_folder",
    "read_card",
    "resolve",
    "resolve_training",
]

CARD = "arcloop.json"
"""Name of the card's file in a model folder."""

GRAMMAR = "grammar"
"""What stands in the place of a model's name where random programs take its place."""


@dataclass(frozen=True)
class ModelCard:
    """Defaults that suit one model."""

    template: Literal["barc", "compact", "plain"] = "barc"
    """Prompt template that the model was trained on."""
    learning_rate: float = 1e-5
    """Peak learning rate for its adapters."""
    cells: int | None = None
    """Cells of all grids of a prompt at the most, by leaving out train pairs; None = all pairs are shown."""
    max_prompt_tokens: int = 10_000
    """Longest prompt that it can be expected to read; the longest ARC prompt has 8,635 Llama tokens."""
    max_tokens: int = 1024
    """Longest program that it can be expected to write."""


def model_folder(name: str) -> str:
    """Where a model's files are: the folder of the embedded model, or ``name`` itself (a folder or a hub name).

    Raises:
        ModelError: ``name`` looks like a path and is not a model folder, or files in it were not fetched.
    """
    if name == GRAMMAR:
        raise ModelError(
            f"--model {GRAMMAR}: random programs, without weights or a tokenizer; expected a model — pass another --model"
        )
    if name == "embedded":
        return str(files("arcloop") / "embedded")
    path = Path(name)
    if path.is_dir() and not (path / "config.json").is_file():
        raise ModelError(f"--model {name}: no config.json in it; expected a Hugging Face model folder — check the path")
    if not path.exists() and (path.is_absolute() or name.startswith(".") or name.count("/") != 1):
        raise ModelError(
            f"--model {name}: no such folder; expected embedded, a Hugging Face model folder or a hub name — check the path"
        )
    for part in sorted(path.glob("*")):
        if part.is_file() and is_pointer(part):
            raise ModelError(
                f"--model {name}: {part.name} is a Git LFS pointer; expected the file itself — fetch it with git lfs pull"
            )
    return name


def read_card(name: str) -> ModelCard:
    """The model's card, or the defaults where it has none.

    Raises:
        ModelError: as ``model_folder``.
        ConfigError: the card has settings that this version does not know.
    """
    if name == GRAMMAR:
        return ModelCard("compact")
    path = Path(model_folder(name)) / CARD
    return from_json(ModelCard, path) if path.is_file() else ModelCard()


def model_digest(name: str) -> str:
    """SHA-256 of the files that say what the model computes; empty for a model that is not a folder on this machine."""
    return "" if name == GRAMMAR else folder_digest(Path(model_folder(name)))


def folder_digest(folder: Path) -> str:
    """SHA-256 of the weights, settings and templates in a model's or an adapter's folder; empty if there are none."""
    digest = hashlib.sha256()
    paths = sorted(p for p in folder.glob("*") if p.suffix in (".safetensors", ".json", ".jinja"))
    for path in paths:
        with path.open("rb") as file:
            digest.update(path.name.encode())
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest() if paths else ""


def resolve(config: Config, card: ModelCard) -> Config:
    """The configuration with every setting that was left open taken from the card."""
    sampling = config.sampling
    return dataclasses.replace(
        config,
        prompt=dataclasses.replace(
            config.prompt, template=config.prompt.template or card.template, cells=config.prompt.cells or card.cells
        ),
        sampling=dataclasses.replace(
            sampling,
            max_tokens=sampling.max_tokens or card.max_tokens,
            max_prompt_tokens=sampling.max_prompt_tokens or card.max_prompt_tokens,
        ),
        training=resolve_training(config.training, card),
    )


def resolve_training(config: TrainingConfig, card: ModelCard) -> TrainingConfig:
    """The same for the settings of a training alone."""
    return dataclasses.replace(config, learning_rate=config.learning_rate or card.learning_rate)
