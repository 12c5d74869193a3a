"""The ``config.json`` of a model folder → transformers' configuration of the model."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any, cast

from transformers import AutoConfig, PreTrainedConfig

from arcloop.files import UnreadableError, read_json

__all__ = ["mended_configuration", "read_configuration"]

_TYPES = ("dtype", "torch_dtype")
_LAYERS = re.compile(r"(^|_)layers?$")
_MOST_LAYERS = 10_000
"""transformers makes every layer that a file asks for before it looks for their weights: with a few zeros too many, for ever."""


def read_configuration(folder: str) -> PreTrainedConfig:
    """The model's configuration; it raises whatever transformers raises over a file that is none."""
    return mended_configuration(folder) or _read(folder)


def mended_configuration(folder: str) -> PreTrainedConfig | None:
    """As ``read_configuration``, of a file that transformers cannot read as it is; None where it needs no help.

    Its types are then called as PyTorch calls them, such as ``torch.bfloat16``.

    Raises:
        ValueError: it asks for more layers than any model has.
    """
    try:
        content = read_json(Path(folder) / "config.json")
    except UnreadableError:
        return None  # which reading it says better
    _check_layers(content)
    mended = _mended(content)
    if mended == content:
        return None
    # It takes a file alone.
    with tempfile.TemporaryDirectory(prefix="arcloop-") as own:
        (Path(own) / "config.json").write_text(json.dumps(mended), encoding="utf-8")
        configuration = _read(own)
    configuration.name_or_path = folder
    return configuration


def _read(folder: str) -> PreTrainedConfig:
    return cast(PreTrainedConfig, AutoConfig.from_pretrained(folder, trust_remote_code=False))


def _check_layers(value: Any) -> None:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if _LAYERS.search(name) and isinstance(inner, (int, float)) and inner > _MOST_LAYERS:
            raise ValueError(f"its {name:.40} is {inner!s:.20}; expected up to {_MOST_LAYERS:,}")
        _check_layers(inner)


def _mended(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: inner.removeprefix("torch.") if name in _TYPES and isinstance(inner, str) else _mended(inner)
        for name, inner in value.items()
    }
