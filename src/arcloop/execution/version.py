"""What can change an outcome besides program, inputs and limits → one digest."""

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

__all__ = ["fingerprint"]

HARNESS = ("child.py", "frame.py", "library.py", "limits.py", "randomness.py", "seccomp.py", "landlock.py")


@cache
def fingerprint() -> bytes:
    """Digest of the interpreter's and libraries' versions, the files of ``common`` and those that run a program."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("numpy", "scipy"):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "none"
        digest.update(f"{name} {found}\0".encode())
    digest.update(f"{platform.python_version()} {platform.machine()}\0".encode())
    for file in [folder / name for name in HARNESS] + sorted((folder.parent / "common").rglob("*.py")):
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()
