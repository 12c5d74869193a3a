"""Rows of a file of programs → ``Imported``, in the layouts that they are published in.

Everything in a row is anybody's: a value that is not what its field says is an error that names the row, never skipped;
a program that is null is a completion without one.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcloop.config import ImportConfig
from arcloop.errors import ExampleError, TaskError
from arcloop.programs import sources, verbatim
from arcloop.programs.entry import Rank, rank_of
from arcloop.records import Completion, FinishReason
from arcloop.rowfiles import files_of, rows_of
from arcloop.tasks.arcjson import Entry, task_from_json

__all__ = ["ALIASES", "Imported", "read_programs"]

ALIASES: dict[str, tuple[str, ...]] = {
    "task_id": ("task_id", "task"),
    "source": ("source", "code", "program"),
    "completion": ("completion", "response", "responses", "text"),
    "round": ("round", "generation"),
    "logprob": ("logprob", "cumulative_logprob"),
    "tokens": ("tokens", "completion_tokens"),
    "temperature": ("temperature",),
    "finish_reason": ("finish_reason",),
    "examples": ("examples",),
}
"""Field → the columns that it is looked for in, the first one that has a value; docs/import.md explains the fields."""

_ROUNDS = 10_000
_SOAR = {"code", "task_id"}
_BARC = {"source", "examples"}

_LISTS = """

def transform(grid, _of_lists={name}):
    return _of_lists(grid if isinstance(grid, list) else grid.tolist())
"""
"""Behind a program that takes and gives lists of rows: what is called with an array."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One program from a file."""

    task_id: str
    round: int
    """As the file has it."""
    text: str
    """What a model would have answered to give it."""
    tokens: int
    logprob: float
    """In nats; nan where the file does not say."""
    temperature: float
    finish_reason: FinishReason
    entry: Entry | None
    """The task that the row itself holds."""


def read_programs(path: Path, settings: ImportConfig) -> Iterator[Imported]:
    """The programs of a file, or of a folder of files, in their order; with ``tasks`` of their own where the layout has them.

    Raises:
        ExampleError: while iterating: it cannot be read, or a row is none of the layout.
    """
    columns = _columns(settings)
    known = {column for names in columns.values() for column in names}
    number = 0
    for file in files_of(path):
        for place, row in rows_of(file, known):
            number += 1
            yield from _Row(row, f"{file}, row {place}", columns, settings).programs(number)


def _columns(settings: ImportConfig) -> dict[str, tuple[str, ...]]:
    named = dict(pair.partition("=")[::2] for pair in settings.columns)
    return {field: (named[field],) if field in named else names for field, names in ALIASES.items()}


class _Row:
    """One row, whose values are looked at when they are asked for."""

    def __init__(self, row: Any, where: str, columns: Mapping[str, tuple[str, ...]], settings: ImportConfig) -> None:
        self._where = where
        if not isinstance(row, dict):
            raise self._refusal(_short(row), "an object")
        self._row: dict[str, Any] = row
        self._columns = columns
        layout = settings.layout
        if layout == "auto":
            layout = "barc" if row.keys() >= _BARC else "soar" if row.keys() >= _SOAR else "rows"
        self._own_task = layout == "barc"
        self._lists = layout == "soar" if settings.grids == "auto" else settings.grids == "lists"

    def programs(self, number: int) -> Iterator[Imported]:
        """What is in the row, the ``number``-th of all."""
        entry = self._entry(f"row-{number:06}") if self._own_task else None
        task_id = entry[0].id if entry is not None else self._name()
        for text in self._texts():
            yield Imported(
                task_id=task_id,
                round=self._integer("round", 0, _ROUNDS),
                text=text,
                tokens=self._integer("tokens", 0, 2**31 - 1),
                logprob=self._number("logprob", math.nan),
                temperature=self._number("temperature", 1.0),
                finish_reason=self._finish_reason(),
                entry=entry,
            )

    def _value(self, field: str) -> Any:
        return next((self._row[name] for name in self._columns[field] if self._row.get(name) is not None), None)

    def _name(self) -> str:
        value = self._value("task_id")
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._refusal(
                f"task_id {_short(value)}" if value is not None else self._held(),
                f"a task's id in {self._named('task_id')}",
            )
        return self._whole(str(value), "task_id")

    def _texts(self) -> Iterator[str]:
        for field in ("source", "completion"):
            value = self._value(field)
            if value is not None:
                for one in value if isinstance(value, list) else [value]:
                    if not isinstance(one, str):
                        raise self._refusal(f"{field} {_short(one)}", "text, or a list of texts")
                    yield self._text(self._whole(one, field), field == "source")
                return
        if not any(name in self._row for field in ("source", "completion") for name in self._columns[field]):
            raise self._refusal(self._held(), f"a program in {self._named('source')} or in {self._named('completion')}")
        yield ""

    def _text(self, text: str, is_program: bool) -> str:
        if not self._lists:
            return verbatim(text) if is_program else text
        found = [text] if is_program else sources(Completion("", "", "", text, 0, FinishReason.STOP, math.nan), "")
        return verbatim(*map(_of_lists, found)) or text

    def _entry(self, task_id: str) -> Entry:
        """The task whose pairs are in the row: its last one is the test pair."""
        pairs = self._value("examples")
        if not isinstance(pairs, list) or len(pairs) < 2:
            raise self._refusal(f"examples {_short(pairs)}", "a list of two or more pairs of an input and an output")
        raw = [
            {"input": pair[0], "output": pair[1]} if isinstance(pair, list) and len(pair) == 2 else pair
            for pair in pairs
        ]
        if not all(isinstance(pair, dict) for pair in raw):
            raise self._refusal(f"examples {_short(pairs)}", "pairs of an input and an output")
        try:
            return task_from_json(task_id, {"train": raw[:-1], "test": raw[-1:]}, self._where)
        except TaskError as error:
            raise ExampleError(str(error)) from None

    def _integer(self, field: str, default: int, most: int) -> int:
        value = self._value(field)
        if value is None or value != value:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # how pandas writes a column in which some are missing
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self._refusal(f"{field} {_short(value)}", f"a whole number from 0 to {most:,}")
        return value

    def _number(self, field: str, default: float) -> float:
        value = self._value(field)
        if value is None or value != value:
            return default
        # A whole number of hundreds of digits is no float.
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
            raise self._refusal(f"{field} {_short(value)}", "a number")
        return float(value)

    def _finish_reason(self) -> FinishReason:
        return FinishReason.LENGTH if self._value("finish_reason") == "length" else FinishReason.STOP

    def _whole(self, text: str, field: str) -> str:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self._refusal(f"{field}: half a surrogate pair at character {error.start}", "text") from None
        return text

    def _named(self, field: str) -> str:
        return " or ".join(self._columns[field])

    def _held(self) -> str:
        return f"has {', '.join(_short(name) for name in list(self._row)[:20]) or 'nothing'}"

    def _refusal(self, met: str, expected: str) -> ExampleError:
        return ExampleError(
            f"{self._where}: {met}; expected {expected} — mend the file, or name its columns with --columns"
        )


def _of_lists(source: str) -> str:
    """A program that takes and gives lists of rows, made into one that is called with an array."""
    rank = rank_of(source)
    if rank is Rank.NONE:
        return source
    name = "main" if rank is Rank.MAIN or "transform" not in source else "transform"
    return source.rstrip("\n") + _LISTS.format(name=name)


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
