"""Files as they were written: the digest of each is stored beside it, and looked at whenever it is read.

Disks, copies and editors change files without a word. A run's outcome rests on its own, so one that is no longer what
was written is refused, with the way on.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from arcloop.errors import RunError
from arcloop.files import UnreadableError, read_bytes

__all__ = ["Seals", "digest", "seals_of", "unsealed"]

Seals = dict[str, str]
"""Path of a file, relative to the folder that it belongs to → SHA-256 of what was written."""


def digest(content: bytes) -> str:
    """SHA-256 as hex digits."""
    return hashlib.sha256(content).hexdigest()


def seals_of(folder: Path, paths: Iterable[Path]) -> Seals:
    """The seals of files that have just been written below a folder."""
    seals = {}
    for path in sorted(paths):
        with path.open("rb") as file:
            seals[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return seals


def unsealed(path: Path, seal: str | None, remedy: str) -> bytes:
    """What is in a file, if it is what was written; ``seal`` None = not known, as earlier versions stored none.

    Raises:
        RunError: it is not, or cannot be read; ``remedy`` is the way on.
    """
    try:
        content = read_bytes(path)
    except UnreadableError as error:
        raise RunError(f"{path}: cannot be read ({error}); expected a file of this run — {remedy}") from None
    if seal is not None and digest(content) != seal:
        raise RunError(f"{path}: not what was written (its SHA-256 has changed); expected it untouched — {remedy}")
    return content
