"""Records of numbers ⇄ JSON files that say their schema, and the digest of all else in them.

Files of schema 1, which arcloop 0.1 wrote and which do not say so, are converted when they are read, and from schema 2,
that of arcloop 0.2, digests are lacking; those of an unknown schema are refused.
"""

import dataclasses
import json
import reprlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from arcloop.errors import RunError
from arcloop.files import UnreadableError, parse_json, text_in
from arcloop.runs.numbers import GroupNumbers, LearningNumbers, Manifest, RunNumbers, SearchNumbers
from arcloop.runs.seals import digest, unsealed

__all__ = ["SCHEMA", "read_numbers", "stored"]

R = TypeVar("R")

SCHEMA = 3
"""Version of the files that are written; raised whenever a field is added, removed or changes its meaning."""


def stored(numbers: object) -> dict[str, Any]:
    """A record as it is written: a JSON object that says its schema and its digest."""
    # As JSON has it, lists for tuples: the digest is that of what will be read.
    content: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(numbers)))
    return {"schema": SCHEMA, "sha256": _digest(content)} | content


def read_numbers(kind: type[R], path: Path) -> R:
    """The record in a file that holds what ``stored`` gave, or what arcloop 0.1 wrote.

    Raises:
        RunError: the file cannot be read, is of an unknown schema, is not such a record, or not what was written.
    """
    remedy = _REMEDIES[kind]
    try:
        content = parse_json(text_in(unsealed(path, None, remedy)))
    except UnreadableError as error:
        raise RunError(f"{path}: cannot be read ({error}); expected a file of this run — {remedy}") from None
    schema = content.pop("schema", 1) if isinstance(content, dict) else None
    # 1.0 and true are equal to 1, and nothing that was written.
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise RunError(
            f"{path}: schema {reprlib.repr(schema)}; expected {SCHEMA} or lower — use the version of arcloop that wrote it, or a later one"
        )
    if schema == SCHEMA and content.pop("sha256", None) != _digest(content):
        raise RunError(f"{path}: not what was written (its SHA-256 has changed); expected it untouched — {remedy}")
    try:
        return msgspec.convert(_FROM_1[kind](content) if schema == 1 else content, kind)
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # half characters are a ValueError to msgspec
        raise RunError(f"{path}: {error}; expected the numbers of this run — {remedy}") from None


def _digest(content: dict[str, Any]) -> str:
    return digest(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


_REMEDIES: dict[type, str] = {
    SearchNumbers: "delete its folder, which is done again, and resume",
    GroupNumbers: "delete its folder, which is done again, and resume",
    RunNumbers: "make it anew with arcloop evaluate",
    Manifest: "restore it from a copy, or begin a new run",
}
"""What is to be done where a file of this kind is damaged."""


_EARLY: dict[str, Any] = {
    "whole": True,
    "tasks": 0,
    "skipped_prompts": (),
    "completions": 0,
    "failed_completions": 0,
    "tokens": 0,
    "programs": 0,
    "solved": (),
    "stopped": (),
    "discovered": (),
    "validity": {},
    "complete": 0,
    "unique": 0,
    "hard_coded": 0,
    "adapter": None,
    "rolled_back": None,
    "heat": {},
    "search_seconds": 0.0,
}
"""What files of schema 1 may lack: numbers that were added over time."""


def _search_from_1(content: dict[str, Any]) -> dict[str, Any]:
    return _EARLY | {name: value for name, value in content.items() if name in _EARLY}


def _group_from_1(content: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 had all numbers in one object, and ``steps`` 0 alone for what a replayed run had learned."""
    names = [field.name for field in dataclasses.fields(LearningNumbers)]
    learned = "learn_seconds" in content
    learning = {"anchors": 0, "overlap_seconds": 0.0} | {name: content[name] for name in names if name in content}
    return {
        "search": _search_from_1(content),
        "learning": learning if learned else None,
        "replayed_learning": "steps" in content and not learned,
    }


_FROM_1: dict[type, Callable[[dict[str, Any]], dict[str, Any]]] = {
    SearchNumbers: _search_from_1,
    GroupNumbers: _group_from_1,
    # What schema 1 has besides, of which nothing is read, is left out.
    RunNumbers: dict,
    Manifest: dict,
}
