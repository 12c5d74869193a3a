"""An answer that came in pieces although it was asked for as a whole → the answer. Pure.

Pieces are events of a stream, or JSON objects in a row. An answer of which the end is missing is none.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from arcloop.files import deep
from arcloop.sampling.choice import ended, said, thought
from arcloop.sampling.refusal import Content, RefusedError, error_in

__all__ = ["in_a_row", "joined", "streamed"]

_LINE = re.compile(r"\r\n|\n|\r")
"""A line's end in a stream: no other, as those that Python knows besides may stand in JSON."""
_BLANK = re.compile(r"\s*")
_DECODER = json.JSONDecoder(strict=False)
"""Takes line breaks in strings, which some servers do not escape."""
_KEPT = frozenset({"index", "error", "finish_reason", "native_finish_reason"})
"""Fields of a choice that are as the last piece says that has them."""


@dataclass
class _Made:
    """A choice, as far as its pieces have come."""

    said: list[str] = field(default_factory=list)
    thought: list[str] = field(default_factory=list)
    whole: Content = field(default_factory=dict)
    """All of it once more, as some servers say at the end."""
    kept: Content = field(default_factory=dict)

    def add(self, piece: Content) -> None:
        """Put a piece to it."""
        self.kept |= {name: value for name, value in piece.items() if value and name in _KEPT}
        if not isinstance(piece.get("message"), dict):
            self.said.append(said(piece))
            self.thought.append(thought(piece))
        elif said(piece) or not any(self.said):
            self.whole = piece

    def choice(self) -> Content:
        """What a server would have said that does not stream."""
        message = {"content": "".join(self.said), "reasoning": "".join(self.thought)}
        return {"message": message, **self.whole, **self.kept}


def streamed(body: str) -> Content:
    """The answer in the events of a stream.

    Raises:
        RefusedError: it ends before the answer does.
    """
    lines = _LINE.split(body)
    done = any(line.startswith("data:") and line[5:].strip() == "[DONE]" for line in lines)
    return joined((piece for name, data in _events(lines) for piece in _pieces(name, data)), done)


def in_a_row(text: str) -> list[Any]:
    """What a JSON text holds: one value, or several objects one after the other. What else stands behind them is passed over.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it has too many levels.
    """
    found: list[Any] = []
    at = 0
    while True:
        match = _BLANK.match(text, at)
        at = match.end() if match else at
        if found and not text.startswith("{", at):
            return found
        value, at = _DECODER.raw_decode(text, at)
        found.append(value)
        if not isinstance(value, dict) and text[at:].strip():
            raise ValueError("a text that begins with a number or a list")


def joined(pieces: Iterable[Any], done: bool) -> Content:
    """The answer that pieces make; ``done``: the server said that it is whole.

    Raises:
        RefusedError: it is not.
    """
    whole: Content = {}
    made: dict[int, _Made] = {}
    for piece in pieces:
        if not isinstance(piece, dict) or deep(piece):
            continue
        choices = piece.pop("choices", None)
        whole |= {name: value for name, value in piece.items() if value is not None}
        if error_in(piece) is not None:
            return dict(piece)
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                made.setdefault(_index(choice), _Made()).add(choice)
    found = [made[index].choice() for index in sorted(made)]
    if not done and not all(one.whole or ended(one.kept) for one in made.values()):
        raise RefusedError("half an answer came: its events end before it does", 502)
    return whole | ({"choices": found} if found else {})


def _events(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and data of each event."""
    name, data = "", list[str]()
    for line in [*lines, ""]:
        begins, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if begins == "event":
            name = value.strip()
        elif begins == "data" and value.strip() != "[DONE]":
            data.append(value)
        elif not line.strip():
            if name or data:
                yield name, "\n".join(data)
            name, data = "", []


def _pieces(name: str, data: str) -> list[Any]:
    """What an event holds."""
    try:
        values = in_a_row(data)
    except (ValueError, RecursionError):
        values = []
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    if name != "error":
        return values
    value = values[0] if values else data or name
    return [value] if error_in(value) is not None else [{"error": value}]


def _index(choice: Content) -> int:
    """Which choice a piece belongs to; the first one where it does not say."""
    index = choice.get("index")
    index = index[:9] if isinstance(index, str) else index
    return int(index) if isinstance(index, int) or (isinstance(index, str) and index.isdecimal()) else 0
