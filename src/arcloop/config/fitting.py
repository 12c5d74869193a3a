"""The settings that change how much memory a run takes, and not what it comes to, up to rounding."""

import json
import reprlib
from collections.abc import Mapping
from typing import Any

from arcloop.config.run import Config
from arcloop.config.stored import built, to_json
from arcloop.errors import ConfigError

__all__ = ["MEMORY", "memory_of", "with_memory"]

MEMORY: Mapping[str, tuple[str, ...]] = {
    "sampling": ("rows", "prefill_tokens", "cache_gib"),
    "training": ("packing", "pack_tokens", "per_device_train_batch_size", "gradient_checkpointing", "use_liger_kernel"),
}
"""Section → its settings of this kind: those of docs/training.md, \"Memory and speed\", and the sampler's."""


def memory_of(config: Config) -> dict[str, Any]:
    """Dotted name → value of each such setting."""
    return {f"{part}.{name}": getattr(getattr(config, part), name) for part, names in MEMORY.items() for name in names}


def with_memory(config: Config, settings: Mapping[str, Any], where: str = "settings") -> Config:
    """The configuration with other values of such settings, by their dotted names; ``where`` they are from, for an error.

    Raises:
        ConfigError: one is none of these, or its value is of another kind or out of its range.
    """
    values = json.loads(to_json(config))
    for dotted, value in settings.items():
        part, _, name = dotted.partition(".")
        if name not in MEMORY.get(part, ()):
            known = ", ".join(memory_of(config))
            raise ConfigError(f"{where}: {reprlib.repr(dotted)}; expected one of {known} — take it out")
        values[part][name] = value
    changed: Config = built(Config, values, where, "take it out")
    return changed
