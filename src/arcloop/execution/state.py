"""State of the interpreter → has a program left anything behind that the next one could notice?

A second line: which programs may share a process at all is ``plain``'s to say. Guarantees nothing against a program that
studies this file. Against accidents and simple tampering it compares the identity
of everything in builtins, NumPy, ``common`` and the standard modules, the contents of their
containers, code and defaults of functions, and the interpreter's switches.
"""

import builtins
import ctypes
import gc
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import is_
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Watch"]

WATCHED = (
    *("builtins", "sys", "os", "io", "time", "math", "cmath", "random", "re", "copy", "types", "typing", "enum"),
    *("string", "operator", "itertools", "functools", "collections", "heapq", "bisect", "dataclasses", "warnings"),
    *("fractions", "decimal", "statistics", "numbers", "abc", "contextlib", "json", "datetime", "textwrap", "queue"),
    *("numpy", "numpy.linalg", "numpy.random", "numpy.ma", "numpy.fft", "numpy.lib.stride_tricks", "numpy.polynomial"),
    *("numpy._core.numeric", "numpy._core.fromnumeric", "numpy._core._methods", "numpy._core.shape_base"),
    *("scipy", "scipy.ndimage", "scipy.signal", "scipy.spatial.distance", "scipy.optimize", "scipy.stats"),
)
"""Modules whose every name is compared, besides all of ``common``."""


class Watch:
    """A snapshot of the interpreter, to be compared with its later state."""

    def __init__(self) -> None:
        modules = {name: sys.modules[name] for name in WATCHED if name in sys.modules}
        modules |= {name: module for name, module in sys.modules.items() if name.split(".")[0] == "common"}
        modules |= {name: module for name, module in sys.modules.items() if name.startswith("arcloop.common")}
        for module in modules.values():
            # A first warning would add this name; made now, it is part of the snapshot.
            vars(module).setdefault("__warningregistry__", {})
        self._tables = _Tables([*{id(module): vars(module) for module in modules.values()}.values(), sys.modules])
        owned = [module for name, module in modules.items() if "common" in name.split(".")]
        classes = {id(v): v for module in owned for v in vars(module).values() if isinstance(v, type)}
        self._attributes = [_Sequence(partial(_values, vars(kind))) for kind in classes.values()]
        self._contents = [_Sequence(content) for content in _contents(owned, classes.values())]
        functions = [v for module in owned for v in vars(module).values() if isinstance(v, FunctionType)]
        functions += [v for kind in classes.values() for v in vars(kind).values() if isinstance(v, FunctionType)]
        unique = {id(function): function for function in functions}.values()
        self._functions = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in unique]
        self._switches = _switches()

    def changed(self) -> str:
        """What has changed since the snapshot, in a word; empty if nothing has."""
        if self._tables.changed():
            return "a module"
        for function, code, defaults, keywords in self._functions:
            if (
                function.__code__ is not code
                or function.__defaults__ is not defaults
                or function.__kwdefaults__ is not keywords
            ):
                return function.__name__
        if any(sequence.changed() for sequence in (*self._attributes, *self._contents)):
            return "contents"
        return "" if _switches() == self._switches else "switches"


class _Tables:
    """Dictionaries, compared by the version that the interpreter gives a dictionary anew with every change.

    Where there is no such version (it is tried), by their values: that touches thousands of
    objects, which takes some 0.1 ms, and on a busy machine, where they are in no cache, 1 ms.
    """

    OFFSET = 3 * ctypes.sizeof(ctypes.c_void_p)

    def __init__(self, tables: list[dict[str, Any]]) -> None:
        self._tables = tables
        self._versions = [self._version(table) for table in tables] if self._works() else []
        self._before = self._now()

    def changed(self) -> bool:
        return self._now() != self._before

    def _now(self) -> list[Any]:
        if self._versions:
            return [version.value for version in self._versions]
        # By ==, which looks at identity first and is fast; a value that only claims to be equal needs a class with its
        # own __eq__, and programs that have one do not share a process.
        return [list(table.values()) for table in self._tables]

    @classmethod
    def _version(cls, table: dict[str, Any]) -> ctypes.c_uint64:
        return ctypes.c_uint64.from_address(id(table) + cls.OFFSET)

    @classmethod
    def _works(cls) -> bool:
        if sys.implementation.name != "cpython" or not (3, 11) <= sys.version_info < (3, 13):
            return False
        table: dict[str, Any] = {"a": 1, "b": 2}
        version = cls._version(table)
        seen = [version.value]
        list(table.values())
        steady = version.value == seen[0]
        for change in (
            lambda: table.update(a=2),
            lambda: table.pop("b"),
            lambda: table.setdefault("c", 3),
            lambda: table.__setitem__("c", 4),
            table.clear,
        ):
            change()
            seen.append(version.value)
        return steady and len(set(seen)) == len(seen)


class _Sequence:
    """Members of a container, compared by identity and order."""

    def __init__(self, members: Callable[[], list[Any]]) -> None:
        self._members = members
        self._before = members()

    def changed(self) -> bool:
        now = self._members()
        return len(now) != len(self._before) or not all(map(is_, now, self._before))


def _contents(modules: Iterable[ModuleType], classes: Iterable[type]) -> list[Callable[[], list[Any]]]:
    """Readers of every list, dict and set that ``modules``, ``classes`` and defaults of their functions hold."""
    values = [v for owner in (*modules, *classes) for name, v in vars(owner).items() if not name.startswith("__")]
    for function in [v for v in values if isinstance(v, FunctionType)]:
        values += function.__defaults__ or ()
        values += (function.__kwdefaults__ or {}).values()
    values += [sys.path, sys.meta_path, sys.path_hooks, warnings.filters]
    containers = {id(value): value for value in values if isinstance(value, (list, dict, set))}
    readers: list[Callable[[], list[Any]]] = []
    for container in containers.values():
        readers.append(partial(list, container))
        if isinstance(container, dict):
            readers.append(partial(_values, container))
    return readers


def _values(table: Mapping[Any, Any]) -> list[Any]:
    return list(table.values())


def _switches() -> tuple[object, ...]:
    """Settings of the interpreter and of NumPy that outlive a program; only plain values, compared by equality."""
    return (
        sys.getrecursionlimit(),
        sys.gettrace() is None,
        sys.getprofile() is None,
        sys.getswitchinterval(),
        sys.get_int_max_str_digits(),
        sys.get_asyncgen_hooks() == (None, None),
        id(sys.stdout),
        id(sys.stderr),
        id(sys.stdin),
        id(builtins.print),
        os.getcwd(),
        tuple(np.geterr().values()),
        id(np.geterrcall()),
        gc.isenabled(),
        repr(np.get_printoptions()),
        id(np.random.mtrand._rand._bit_generator),
        np.getbufsize(),
    )
