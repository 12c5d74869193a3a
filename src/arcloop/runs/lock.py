"""One process at a time goes on with a run."""

import contextlib
import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from arcloop.errors import RunError

__all__ = ["LOCK", "locked"]

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems without locks say: a run there goes on as it did before there was one."""

LOCK = "run.lock"
"""The file in a run's folder that says who goes on with it; one that nobody holds was left by a process that was killed."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the run while the block lasts, as far as the file system knows locks.

    Raises:
        RunError: another process holds it, on this machine or, as far as the file system tells, on another; or the folder
            cannot be written.
    """
    path = folder / LOCK
    try:
        descriptor = _held(path)
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}; expected a folder that can be written — check its rights") from None
    try:
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
        with contextlib.suppress(OSError):  # a full disk: it is held all the same
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        # While it is held, so that no other process holds a file that is no longer there.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _held(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        except BlockingIOError:
            who = os.pread(descriptor, 300, 0).decode(errors="replace")
            os.close(descriptor)
            raise RunError(
                f"{path.parent}: {_told(who)} goes on with it; expected nobody — wait for it, or end it"
            ) from None
        except FileNotFoundError:
            pass  # its holder has just ended
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return descriptor
            os.close(descriptor)
            raise
        os.close(descriptor)


def _told(who: str) -> str:
    try:
        holder = json.loads(who)
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']},"[:200]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "another process"
