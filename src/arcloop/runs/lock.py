"""One process at a time goes on with a run, or with a group of tasks of one that several processes share.

A lock is a file that says who holds it: host, process and since when. On one machine, and on file systems
that know locks over machines, the system says whether the holder lives. Elsewhere (NFS without locks, Lustre
with locks of one machine) its signs of life do: it touches the file every few seconds, and whoever was silent
for two minutes is taken for dead. Times are those of the file system, so clocks may differ. A process that
was taken for dead, and was not, finds out before it goes on (``Locks.check``).
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from arcloop.errors import RunError

__all__ = ["LOCK", "Locks", "locked"]

Tell = Callable[[str], None]
"""Is told a line of what happens."""

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems without locks say."""
_BEAT = 10.0
"""Seconds between signs of life."""
_SILENT = 120.0
"""Seconds without one after which a holder that cannot be asked for is taken for dead."""
_RETRY = 0.05
"""Seconds until a lock that is waited for is tried again."""
_WRITING = 2.0
"""Seconds that the holder of a lock that says nothing may need to say who it is."""

LOCK = "run.lock"
"""The file in a run's folder that says who goes on with all of it; one that nobody holds was left by a process that was
killed."""


@contextmanager
def locked(folder: Path, tell: Tell = lambda line: None) -> Iterator["Locks"]:
    """Hold the whole run while the block lasts; ``tell`` is given a line where that means to wait.

    Raises:
        RunError: another process holds it, or a group of it, on this machine or another; or the folder cannot be written.
    """
    with Locks(tell) as locks:
        locks.take(folder / LOCK)
        for path in sorted(folder.glob("group_*.lock")):
            locks.take(path)
        yield locks


@dataclass(frozen=True)
class _Held:
    """A lock of ours."""

    descriptor: int
    token: str


class Locks:
    """The locks that a process holds, with a thread that keeps giving signs of life; all are let go at the end."""

    def __init__(self, tell: Tell = lambda line: None) -> None:
        """``tell`` is given a line where a holder is waited for that may be dead."""
        self._tell = tell
        self._held: dict[Path, _Held] = {}
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        # A thread that is not alive yet, because Ctrl-C came while it was started, will find that it is to end.
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()
        for path in list(self._held):
            self.release(path)

    def take(self, path: Path, wait: float = 0.0) -> None:
        """Hold ``path``, after waiting for ``wait`` seconds at the most.

        A holder on another machine that gives no sign of life is waited for until it counts as dead.

        Raises:
            RunError: another process holds it; or the folder cannot be written.
        """
        deadline = time.monotonic() + wait
        while True:
            try:
                self._held[path] = _taken(path, self._tell)
                break
            except RunError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY)
            except OSError as error:
                raise RunError(
                    f"{path}: {error.strerror}; expected a folder that can be written — check its rights"
                ) from None
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="signs of life", daemon=True)
            self._thread.start()

    def release(self, path: Path) -> None:
        """Let a lock go."""
        held = self._held.pop(path)
        # While it is held, so that no other process holds a file that is no longer there.
        with contextlib.suppress(OSError):
            if (
                os.fstat(held.descriptor).st_ino == path.stat().st_ino
                and _said(path).get("token", held.token) == held.token
            ):
                path.unlink(missing_ok=True)
        os.close(held.descriptor)

    def check(self) -> None:
        """Make sure that nobody took this process for dead, and one of its locks.

        Raises:
            RunError: somebody did.
        """
        for path, held in list(self._held.items()):
            said = _said(path)
            if said.get("token", held.token) != held.token:
                raise RunError(
                    f"{path}: {_told(said)} took it while this process was silent for more than {_SILENT:.0f} s; expected "
                    "one process at a time — what was stored is kept, and the other one goes on"
                )

    def _live(self) -> None:
        while not self._end.wait(_BEAT):
            for held in list(self._held.values()):
                # A lock that was let go meanwhile, a folder that is gone: no more signs.
                with contextlib.suppress(OSError):
                    os.utime(held.descriptor)


def held_elsewhere(path: Path) -> str | None:
    """Who holds a lock, in words; None = nobody, as far as can be told without waiting."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        known = _flock(descriptor, fcntl.LOCK_SH)
    except BlockingIOError:
        return _told(_said(path))
    finally:
        os.close(descriptor)
    said = _said(path)
    try:
        return None if not said or _here(said, known) is False or _silence(path) > _SILENT else _told(said)
    except FileNotFoundError:
        return None  # it was let go at this moment


def _taken(path: Path, tell: Tell) -> _Held:
    """Hold ``path``; raises ``RunError`` if another process does."""
    while True:
        new = False
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            new = True
        except FileExistsError:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # its holder has just ended
        try:
            known = _flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_ino == path.stat().st_ino and (new or _left(path, known, tell)):
                if new or known:
                    return _Held(descriptor, _signed(descriptor))
                _remove(path)
            os.close(descriptor)
        except FileNotFoundError:
            os.close(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            raise _refused(path) from None
        except BaseException:
            os.close(descriptor)
            raise


def _flock(descriptor: int, kind: int) -> bool:
    """Lock a file as the system does; False where its file system knows no locks."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _left(path: Path, known: bool, tell: Tell) -> bool:
    """Was a lock, which the system gave us if it knows locks (``known``), left by a process that is dead?

    Raises:
        RunError: its holder lives.
    """
    said = _said(path)
    if not said and not known:
        time.sleep(_WRITING)
        said = _said(path)
    if not said or (lives := _here(said, known)) is False:
        return True
    if lives:
        raise _refused(path)
    # Of another machine nothing is known but its signs of life.
    first = path.stat().st_mtime
    if (silence := _silence(path)) <= _SILENT:
        tell(
            f"{path.with_suffix('')}: {_told(said)} had it; waiting up to {_SILENT - silence:.0f} s for a sign of life"
        )
    while _silence(path) <= _SILENT:
        if path.stat().st_mtime != first:
            raise _refused(path)
        time.sleep(1.0)
    return True


def _here(said: dict[str, Any], known: bool) -> bool | None:
    """Does the holder live, as this machine knows? None = it is on another."""
    if said.get("host") != socket.gethostname():
        return None
    pid = said.get("pid")
    # Where the system knows locks, and gives us this one, nobody has it here.
    if known or type(pid) is not int or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OverflowError, PermissionError):
        return True
    return True


def _silence(path: Path) -> float:
    """Seconds since a holder's last sign of life, by the clock of the file system."""
    probe = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        probe.touch()
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    """Take away the lock of a dead process where the file system knows no locks; of several who try, one does."""
    dead = _said(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    path.rename(aside)
    if _said(aside) != dead:
        # Another was faster, and it is its lock that we moved: back with it.
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    aside.unlink()


def _signed(descriptor: int) -> str:
    token = secrets.token_hex(8)
    holder = {"host": socket.gethostname(), "pid": os.getpid(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
    with contextlib.suppress(OSError):  # a full disk: it is held all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({**holder, "token": token}).encode(), 0)
    return token


def _said(path: Path) -> dict[str, Any]:
    """What a lock's file says; nothing where that cannot be read."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(1000))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _refused(path: Path) -> RunError:
    whole = path.name == LOCK
    what = path.parent if whole else path.with_suffix("")
    return RunError(f"{what}: {_told(_said(path))} goes on with it; expected nobody — wait for it, or end it")


def _told(said: dict[str, Any]) -> str:
    try:
        return f"process {said['pid']} on {said['host']}, since {said['since']},"[:200]
    except KeyError:
        return "another process"
