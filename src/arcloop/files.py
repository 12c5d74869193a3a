"""Files that are whole or absent, whatever happens while they are written."""

import os
from pathlib import Path

__all__ = ["write_bytes"]


def write_bytes(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path``, which afterwards, and after a power cut, holds all of it or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    # The new name is on the disk only when its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
