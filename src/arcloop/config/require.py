"""What a setting that is out of its range is told."""

import dataclasses
import math
from typing import TYPE_CHECKING

from arcloop.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["require", "require_finite"]


def require(condition: bool, setting: str, value: object, expectation: str) -> None:
    """Raise ``ConfigError`` in the house form unless ``condition`` holds."""
    if not condition:
        raise ConfigError(f"{setting} is {value!r}; {expectation} — see --help")


def require_finite(settings: "DataclassInstance", within: str = "") -> None:
    """Raise ``ConfigError`` for a number in a dataclass of settings, or in one within it, that is infinite or none."""
    for field in dataclasses.fields(settings):
        value, name = getattr(settings, field.name), within + field.name.replace("_", "-")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            require_finite(value, f"{name}.")
        numbers = value if isinstance(value, tuple) else (value,)
        fits = all(math.isfinite(number) for number in numbers if isinstance(number, float))
        require(fits, name, value, "expected finite numbers")
