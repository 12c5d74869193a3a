"""What a setting that is out of its range is told."""

import dataclasses
import reprlib
from typing import TYPE_CHECKING

from arcloop.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["require", "require_finite"]


_LARGEST = 1e300
"""Of any number: more is infinite as soon as something is multiplied by it."""


def require(condition: bool, setting: str, value: object, expectation: str) -> None:
    """Raise ``ConfigError`` in the house form unless ``condition`` holds."""
    if not condition:
        raise ConfigError(f"{setting} is {value!r:.200}; {expectation} — see --help")


def require_finite(settings: "DataclassInstance", within: str = "") -> None:
    """Raise ``ConfigError`` for a number in a dataclass of settings, or in one within it, that is infinite or none."""
    for field in dataclasses.fields(settings):
        value, name = getattr(settings, field.name), within + field.name.replace("_", "-")
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            require_finite(value, f"{name}.")
        numbers = value if isinstance(value, tuple) else (value,)
        if not all(-_LARGEST < number < _LARGEST for number in numbers if isinstance(number, int | float)):
            raise ConfigError(f"{name} is {reprlib.repr(value)}; expected finite numbers — see --help")
