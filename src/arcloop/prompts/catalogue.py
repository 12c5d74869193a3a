"""The program library as a list: name, signature and one line per name, read off the library itself.

For people who prompt models that have not been trained on it, and for ``arcloop show common``.
"""

import inspect
from dataclasses import dataclass
from types import ModuleType

from arcloop import common

__all__ = ["Entry", "entries", "listing"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One public name of the library."""

    name: str
    signature: str
    """Arguments with their defaults, in brackets; empty for what is not called."""
    line: str
    """The first line of its documentation."""


def entries() -> list[Entry]:
    """Every function and class of the library, in alphabetical order; the modules that it passes on are left out."""
    named = {name: getattr(common, name) for name in common.__all__}
    return [
        Entry(name, _signature(value), (inspect.getdoc(value) or "").partition("\n")[0])
        for name, value in sorted(named.items(), key=lambda item: item[0].lower())
        if not isinstance(value, ModuleType)
    ]


def listing() -> str:
    """The list as plain text, one entry per line, as a prompt shows it."""
    return "\n".join(f"{entry.name}{entry.signature}: {entry.line}" for entry in entries())


def _signature(value: object) -> str:
    if isinstance(value, type) and "__init__" not in vars(value):
        return ""
    # Types would be longer than the rest and say only "array" and "number".
    parameters = inspect.signature(value).parameters.values()  # type: ignore[arg-type]
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))
