"""The ``config.json`` of a model folder → transformers' configuration of the model."""

import json
import tempfile
from pathlib import Path
from typing import Any, cast

from transformers import AutoConfig, PreTrainedConfig

from arcloop.files import UnreadableError, read_json

__all__ = ["mended_configuration", "read_configuration"]

_TYPES = ("dtype", "torch_dtype")


def read_configuration(folder: str) -> PreTrainedConfig:
    """The model's configuration; it raises whatever transformers raises over a file that is none."""
    return mended_configuration(folder) or _read(folder)


def mended_configuration(folder: str) -> PreTrainedConfig | None:
    """As ``read_configuration``, of a file that transformers cannot read as it is; None where it needs no help.

    Its types are then called as PyTorch calls them, such as ``torch.bfloat16``.
    """
    try:
        content = read_json(Path(folder) / "config.json")
    except UnreadableError:
        return None  # which reading it says better
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


def _mended(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: inner.removeprefix("torch.") if name in _TYPES and isinstance(inner, str) else _mended(inner)
        for name, inner in value.items()
    }
