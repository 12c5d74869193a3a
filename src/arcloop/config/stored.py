"""A configuration ⇄ the JSON that a run records."""

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar

from arcloop.errors import ConfigError

__all__ = ["from_json", "to_json"]

C = TypeVar("C")


def to_json(config: object) -> str:
    """The configuration with all its defaults, as indented JSON; ``from_json`` is the inverse."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"  # type: ignore[call-overload]


def from_json(cls: type[C], path: Path) -> C:
    """Read a ``cls`` that ``to_json`` wrote to ``path``.

    Raises:
        ConfigError: the file cannot be read, lacks a setting, or has one that is unknown or of another kind.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: cannot be read as JSON ({error}); expected a configuration — restore the file"
        ) from None
    return typing.cast(C, _build(cls, raw, str(path)))


def _build(cls: Any, raw: Any, where: str) -> Any:
    hints = typing.get_type_hints(cls)
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} is {raw!r}; expected an object with settings — restore the file")
    needed = {f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING}
    if not needed <= raw.keys() <= hints.keys():
        what = f"unknown settings {sorted(raw.keys() - hints.keys())}, missing settings {sorted(needed - raw.keys())}"
        raise ConfigError(f"{where}: {what}; expected what this version writes — use the arcloop version that wrote it")
    return cls(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in raw.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    """``value`` as a field of type ``hint`` holds it."""
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where)
    # Of X | None, Python makes one type or the other, after what X is.
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    kinds = typing.get_args(hint) if union else (hint,)
    for kind in kinds:
        origin = typing.get_origin(kind)
        if origin is Literal:
            if value in typing.get_args(kind):
                return value
        elif origin is tuple:
            item_kind = typing.get_args(kind)[0]
            fits = (int, float) if item_kind is float else (item_kind,)
            if isinstance(value, list) and all(type(item) in fits for item in value):
                return tuple(value)
        # JSON writes 2.0 as it likes, and True is an int to Python alone.
        elif type(value) is kind or (kind is float and type(value) is int):
            return value
    expected = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    raise ConfigError(f"{where} is {value!r}; expected {expected} — restore the file")
