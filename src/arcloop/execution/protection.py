"""This machine → how well programs can be isolated on it.

Guarantees that a level is reported only after it was put on and tried: a process behind the filter
must have failed to open a file, a socket and a process. Does not measure what an outer layer
(container, virtual machine) adds.
"""

import os
import platform
import socket
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from arcloop.execution import landlock, seccomp

__all__ = ["ORDER", "Protection", "establish"]


class Protection(StrEnum):
    """What stands between a program and the machine, beside resource limits and a process of its own."""

    FULL = "full"
    """System-call filter, and Landlock: the standard library, NumPy and ``common`` can be read, nothing else."""
    SECCOMP = "seccomp"
    """System-call filter that lets no file be opened at all: only what is loaded already can be imported."""
    RLIMITS = "rlimits"
    """Resource limits alone. Not a sandbox: programs reach files, network and processes of their user."""


ORDER = (Protection.FULL, Protection.SECCOMP, Protection.RLIMITS)
"""Best first; the position travels in a template's greeting."""


def establish(
    at_most: Protection, readable: Sequence[Path], listable: Sequence[Path], identity: int
) -> tuple[Protection, bytes]:
    """Lock this process's files if possible and give the level reached, with the filter for its children."""
    if at_most is Protection.RLIMITS or not seccomp.supported():
        return Protection.RLIMITS, b""
    locked = False
    if at_most is Protection.FULL and landlock.version():
        try:
            landlock.restrict(readable, listable)
            locked = True
        except OSError:
            locked = False
    code = seccomp.program(platform.machine(), locked, identity)
    if not _holds(code):
        return Protection.RLIMITS, b""
    return (Protection.FULL if locked else Protection.SECCOMP), code


def _holds(code: bytes) -> bool:
    """Is a process behind this filter really kept from files, sockets and forking?"""
    pid = os.fork()
    if pid == 0:
        try:
            seccomp.install(code)
            attempts = (
                lambda: os.open("/proc/self/status", os.O_RDONLY),
                lambda: os.open("/", os.O_RDONLY | os.O_DIRECTORY),
                lambda: os.open("/dev/null", os.O_WRONLY),
                socket.socket,
                os.fork,
                os.pipe,
            )
            os._exit(sum(_succeeds(attempt) for attempt in attempts))
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _succeeds(attempt: object) -> bool:
    try:
        attempt()  # type: ignore[operator]  # callables of differing signatures
    except OSError:
        return False
    return True
