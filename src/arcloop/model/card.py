"""What a model wants to be treated like: the ``arcloop.json`` beside its weights.

Of a model without one the template is guessed from its name: ``barc`` for the BARC models, ``plain`` for
others. Settings that a user leaves open are filled from the card, and the filled values are what a run records.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from arcloop.config import Config, TrainingConfig, from_json
from arcloop.errors import ConfigError, ModelError
from arcloop.files import UnreadableError, is_pointer, read_json
from arcloop.model.gguf import converted, gguf_file
from arcloop.model.hub import cached, fetched

__all__ = [
    "CARD",
    "EMBEDDED",
    "GRAMMAR",
    "ModelCard",
    "embedded_digest",
    "folder_digest",
    "guessed_template",
    "has_card",
    "model_digest",
    "model_folder",
    "read_card",
    "resolve",
    "resolve_training",
]

CARD = "arcloop.json"
"""Name of the card's file in a model folder."""

_POSITIONS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
"""What models' configurations call their context."""

GRAMMAR = "grammar"
"""What stands in the place of a model's name where random programs take its place."""

EMBEDDED = "embedded"
"""The name of the model that ships with the package."""
_EMBEDDED = Path(str(files("arcloop"))) / "embedded"


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
    context: int | None = None
    """Tokens that it reads, prompt and completion together; default: what its ``config.json`` says."""


def model_folder(name: str, weights: bool = False) -> str:
    """Where a model's files are: those of the embedded model, a folder, or what the hub's cache holds of a hub name.

    ``weights``: they are needed too. What is not on this machine is fetched.

    Raises:
        ModelError: there is no such model, or files in it were not fetched.
    """
    if name == GRAMMAR:
        raise ModelError(
            f"--model {GRAMMAR}: random programs, without weights or a tokenizer; expected a model — pass another --model"
        )
    path = _folder(name)
    if path is None:
        if _no_hub_name(name):
            raise ModelError(
                f"--model {name}: no such folder; expected embedded, a Hugging Face model folder or a hub name — check the path"
            )
        return str(fetched(name, weights))
    if path.is_file():
        raise ModelError(f"--model {name}: a file; expected a model folder in Hugging Face's form, or a GGUF file")
    if not (path / "config.json").is_file():
        raise ModelError(f"--model {name}: no config.json in it; expected a Hugging Face model folder — check the path")
    for part in sorted(path.glob("*")):
        if part.is_file() and is_pointer(part):
            raise ModelError(
                f"--model {name}: {part.name} is a Git LFS pointer; expected the file itself — fetch it with git lfs pull"
            )
    return str(path)


def _folder(name: str) -> Path | None:
    """The folder that a name means, made first of a GGUF file; None where it can only be a hub name."""
    if name == EMBEDDED:
        return _EMBEDDED
    path = Path(name)
    if not path.exists():
        return None
    file = gguf_file(path)
    return path if file is None else converted(file)


def _no_hub_name(name: str) -> bool:
    return Path(name).is_absolute() or name.startswith(".") or name.count("/") != 1


def _there(name: str) -> Path | None:
    """The folder of a model, if it is on this machine: nothing is fetched."""
    path = _folder(name)
    return path if path is not None or _no_hub_name(name) else cached(name)


def read_card(name: str) -> ModelCard:
    """The model's card, or what is guessed where it has none; its ``context`` is that of the model's ``config.json``.

    A hub name that is not on this machine yet has the guess alone: fetch it first, with ``model_folder``.

    Raises:
        ConfigError: the card has settings that this version does not know.
        ModelError: the model's ``config.json`` cannot be read.
    """
    if name == GRAMMAR:
        return ModelCard("compact")
    folder = _there(name)
    path = None if folder is None else folder / CARD
    card = from_json(ModelCard, path) if path is not None and path.is_file() else ModelCard(guessed_template(name))
    return card if card.context or folder is None else dataclasses.replace(card, context=_context(folder))


def has_card(name: str) -> bool:
    """Does the model say itself what it wants?"""
    folder = _there(name)
    return name == GRAMMAR or (folder is not None and (folder / CARD).is_file())


def guessed_template(name: str) -> Literal["barc", "plain"]:
    """The template of a model without a card: the BARC models are known by their names."""
    lowered = Path(name).resolve().name.lower() if Path(name).exists() else name.lower()
    return "barc" if "barc" in lowered or "potpourri" in lowered else "plain"


def _context(folder: Path) -> int | None:
    """Tokens that the model's positions reach; None where its ``config.json`` does not say."""
    path = folder / "config.json"
    try:
        content = read_json(path)
    except UnreadableError as error:
        raise ModelError(
            f"{path}: cannot be read ({error}); expected what transformers writes — restore the file"
        ) from None
    inner = content.get("text_config") if isinstance(content, dict) else None
    for part in (content, inner):
        for key in _POSITIONS:
            value = part.get(key) if isinstance(part, dict) else None
            if type(value) is int and value > 0:
                return value
    return None


def model_digest(name: str) -> str:
    """SHA-256 of the files that say what the model computes, or of the hub's word for their version; empty if unknown."""
    if name == GRAMMAR:
        return ""
    if (folder := _folder(name)) is not None:
        return folder_digest(folder)
    # The weights may not be here yet; the cache's folder has the commit as its name.
    here = _there(name)
    return "" if here is None else hashlib.sha256(here.name.encode()).hexdigest()


@cache
def embedded_digest() -> str:
    """SHA-256 of the weights that ship with this version, under a name that does not change with them."""
    with (_EMBEDDED / "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    """The configuration with every setting that was left open taken from the card.

    Raises:
        ConfigError: prompts and completions of the lengths that were asked for do not fit into the model's context.
    """
    sampling, context = config.sampling, card.context
    longest = sampling.max_tokens or (card.max_tokens if context is None else min(card.max_tokens, context // 2))
    prompt = sampling.max_prompt_tokens
    room = None if context is None else context - longest
    if room is not None and room < (prompt or 1):
        together = f"{prompt} prompt tokens and {longest}" if prompt else f"{longest}"
        raise ConfigError(
            f"sampling: {together} tokens of a completion are more than the {context} that the model reads; expected no more "
            "together — lower sampling.max-prompt-tokens or sampling.max-tokens (--max-output-tokens)"
        )
    return dataclasses.replace(
        config,
        prompt=dataclasses.replace(
            config.prompt, template=config.prompt.template or card.template, cells=config.prompt.cells or card.cells
        ),
        sampling=dataclasses.replace(
            sampling,
            max_tokens=longest,
            max_prompt_tokens=prompt or (card.max_prompt_tokens if room is None else min(card.max_prompt_tokens, room)),
        ),
        training=resolve_training(config.training, card),
    )


def resolve_training(config: TrainingConfig, card: ModelCard) -> TrainingConfig:
    """The same for the settings of a training alone; rows are no longer than the model's context."""
    longest = config.max_tokens if card.context is None else min(config.max_tokens, card.context)
    return dataclasses.replace(config, learning_rate=config.learning_rate or card.learning_rate, max_tokens=longest)
