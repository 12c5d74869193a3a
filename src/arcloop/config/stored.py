"""A configuration ⇄ the JSON that a run records.

``to_json`` and ``from_json`` take any dataclass of settings. A run's own configuration says its schema
besides (``config_json``, ``read_config``): one of schema 1, which arcloop 0.1 wrote and which does not
say so, is converted; one of an unknown schema is refused.
"""

import dataclasses
import json
import reprlib
import types
import typing
from pathlib import Path
from typing import Any, Literal, TypeVar

from arcloop.config.run import Config
from arcloop.errors import ConfigError
from arcloop.files import UnreadableError, read_json

__all__ = ["built", "config_json", "from_json", "read_config", "to_json"]

C = TypeVar("C")

SCHEMA = 2
"""Version of ``config.json``; raised whenever a setting is removed or changes its meaning."""


def to_json(config: object) -> str:
    """The configuration with all its defaults, as indented JSON; ``from_json`` is the inverse."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"  # type: ignore[call-overload]


def from_json(cls: type[C], path: Path) -> C:
    """Read a ``cls`` that ``to_json`` wrote to ``path``.

    Raises:
        ConfigError: the file cannot be read, lacks a setting, or has one that is unknown or of another kind.
    """
    return typing.cast(C, built(cls, _read(path), str(path)))


def config_json(config: Config) -> str:
    """A run's configuration as its directory holds it; ``read_config`` is the inverse."""
    return json.dumps({"schema": SCHEMA} | dataclasses.asdict(config), indent=2) + "\n"


def read_config(path: Path) -> Config:
    """Read what ``config_json`` wrote to ``path``, or what arcloop 0.1 wrote there.

    Raises:
        ConfigError: as ``from_json``; or the file is of an unknown schema, or asks for what this version no longer does.
    """
    raw = _read(path)
    schema = raw.pop("schema", 1) if isinstance(raw, dict) else SCHEMA
    if schema not in (1, SCHEMA):
        raise ConfigError(
            f"{path}: schema {reprlib.repr(schema)}; expected {SCHEMA} or 1 — use the version of arcloop that wrote it, or a later one"
        )
    raw = _between(_from_1(raw, str(path)) if schema == 1 else raw)
    return typing.cast(Config, built(Config, raw, str(path)))


def _between(raw: Any) -> Any:
    """What versions between two releases wrote otherwise.

    Before the engine had a quantization of its own, that of the trained network was for both. Some had a setting more, which
    had no measurable effect (LOG.md): in its default position it goes.
    """
    match raw:
        case {"sampler": "vllm", "loading": {"use_4bit_quantization": True}, "engine": {**engine}}:
            raw = raw | {"engine": {"quantization": "bitsandbytes"} | engine}
    match raw:
        case {"selection": {"kl_budget": 0, **selection}}:
            raw = raw | {"selection": selection}
    return raw


def _from_1(raw: Any, where: str) -> Any:
    """Schema 1 had two settings more, which had no measurable effect (LOG.md): in their default position they go."""
    if not isinstance(raw, dict):
        return raw
    voting, training = raw.get("voting"), raw.get("training")
    asked = isinstance(voting, dict) and voting.get("rescore")
    order = training.get("order", "shuffled") if isinstance(training, dict) else "shuffled"
    for name, value, gone in (("voting.rescore", True, asked), ("training.order", order, order != "shuffled")):
        if gone:
            raise ConfigError(
                f"{where}: {name} is {reprlib.repr(value)}; expected the default, as this version no longer has the setting — "
                "use arcloop 0.1 for this run"
            )
    kept = {name: value for name, value in raw.items() if name != "voting"}
    if isinstance(training, dict):
        kept["training"] = {name: value for name, value in training.items() if name != "order"}
    return kept


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except UnreadableError as error:
        raise ConfigError(
            f"{path}: cannot be read as JSON ({error}); expected a configuration — restore the file"
        ) from None


def built(cls: Any, raw: Any, where: str, remedy: str = "restore the file") -> Any:
    """A ``cls`` from what JSON or TOML gave for it; ``where`` and ``remedy`` are for the error message.

    Raises:
        ConfigError: a setting is missing, unknown or of another kind.
    """
    hints = typing.get_type_hints(cls)
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} is {reprlib.repr(raw)}; expected an object with settings — {remedy}")
    needed = {f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING}
    if not needed <= raw.keys() <= hints.keys():
        what = f"unknown settings {reprlib.repr(sorted(raw.keys() - hints.keys()))}, missing settings {sorted(needed - raw.keys())}"
        raise ConfigError(f"{where}: {what}; expected what this version writes — use the arcloop version that wrote it")
    return cls(**{name: _value(hints[name], value, f"{where}: {name}", remedy) for name, value in raw.items()})


def _value(hint: Any, value: Any, where: str, remedy: str) -> Any:
    """``value`` as a field of type ``hint`` holds it."""
    if dataclasses.is_dataclass(hint):
        return built(hint, value, where, remedy)
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
    raise ConfigError(f"{where} is {reprlib.repr(value)}; expected {expected} — {remedy}")
