"""Files that are whole or absent, whatever happens while they are written; and what is read, as it is found."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

__all__ = [
    "UnreadableError",
    "deep",
    "encoding_of",
    "is_pointer",
    "oversized",
    "parse_json",
    "read_bytes",
    "read_json",
    "read_text",
    "text_in",
    "write_bytes",
    "writing",
]


_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0")
"""How files in UTF-16 and UTF-32 begin."""


_POINTER = b"version https://git-lfs"
"""How a file begins that stands for one that Git LFS has not fetched."""
_LEVELS = 64
"""Of JSON, one inside the other, at the most: what is deeper is nobody's, and whoever walks it would end in a traceback."""


class UnreadableError(Exception):
    """A file, or what is in it, cannot be read; ``str`` says why in a few words."""


def read_bytes(path: Path) -> bytes:
    """All that is in a file.

    Raises:
        UnreadableError: there is no such file, it is no ordinary file, or Git LFS has not fetched it.
    """
    try:
        # A pipe would be waited for, and a device may have no end.
        if path.exists() and not path.is_file():
            raise UnreadableError("a folder" if path.is_dir() else "not an ordinary file")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or "not a path") from None
    if content.startswith(_POINTER):
        raise UnreadableError("a Git LFS pointer, which git lfs pull replaces by the file")
    return content


def is_pointer(path: Path) -> bool:
    """Does the file, which has to be one, stand for one that Git LFS has not fetched?"""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def read_text(path: Path) -> str:
    """The text in a file: UTF-8, -16 or -32, as its byte-order mark says, without it; UTF-8 where there is none.

    Raises:
        UnreadableError: as ``read_bytes``; or it is no text.
    """
    return text_in(read_bytes(path))


def text_in(content: bytes) -> str:
    """The text that bytes stand for, as ``read_text`` reads a file.

    Raises:
        UnreadableError: it is no text.
    """
    try:
        return content.decode(encoding_of(content))
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8 text: byte {content[error.start]:#04x} at {error.start}") from None


def encoding_of(beginning: bytes) -> str:
    """The encoding of a file of text that begins so: UTF-16 or -32 where a byte-order mark says so, else UTF-8."""
    return json.detect_encoding(beginning) if beginning[:2] in _MARKS else "utf-8-sig"


def read_json(path: Path) -> Any:
    """The JSON in a file.

    Raises:
        UnreadableError: as ``read_text``; or it is no JSON, or JSON with a key twice in one object.
    """
    return parse_json(read_text(path))


def parse_json(text: str) -> Any:
    """The JSON in a text that may be anything.

    Raises:
        UnreadableError: it is no JSON, or has a key twice in one object.
    """
    try:
        content = json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"not JSON: {error}") from None
    except RecursionError:
        raise UnreadableError("JSON of too many levels") from None
    except ValueError:
        raise UnreadableError("a number of thousands of digits") from None
    if deep(content):
        raise UnreadableError("JSON of too many levels")
    return content


def deep(content: Any) -> bool:
    """Has what was read from JSON more levels than anything that is meant to be read?"""
    level = [content]
    for _ in range(_LEVELS):
        inside = [one for one in level if isinstance(one, list | dict)]
        level = [value for one in inside for value in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return True


def oversized(metadata: Any) -> bool:
    """Does a Parquet file say, in its ``pyarrow.parquet.FileMetaData``, that a part of it has more rows than the whole?

    Arrow believes it, and takes as much memory. Columns are not asked: where these contradict each other, asking them ends
    the process, while reading them raises.
    """
    rows = [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)]
    return sum(rows) != metadata.num_rows or min(rows, default=0) < 0


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise UnreadableError(f"the key {ascii(key)[:60]} stands twice in one object")
        content[key] = value
    return content


def write_bytes(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, which afterwards, and after a power cut, holds all of it or what it held before.

    Its folder has to be there: one that was deleted while somebody works on it must not come back in parts.
    """
    with writing(path) as file:
        file.write(content)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which becomes ``path`` when the block ends; if the block raises, ``path`` stays as it was.

    Its folder has to be there.
    """
    # Of its own, as two processes may write one file: a run its submission, and an evaluation of it.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):  # what went wrong first is what is to be told
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # Not the temporary name, and not none: what a full disk says names no file.
            error.filename = str(path)
        raise
    # The new name is on the disk only when its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
