"""Lists of paths → a Landlock domain on this process: what may be read; nothing may be written.

Guarantees: after ``restrict`` this process and its descendants open no file outside the lists and
change none at all, as root too. Does not hide that a path exists (``stat`` stays possible), does not
concern descriptors that are open already. Needs Linux 5.13; TCP and signals are covered from 6.7 and 6.12.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

__all__ = ["cell", "lock_in", "restrict", "version"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The same numbers on every architecture."""
READ_FILE, READ_DIR, MAKE_SOCKET = 1 << 2, 1 << 3, 1 << 9
FILE_RIGHTS = (0, 13, 14, 15, 15, 16)
"""Version → how many of the rights on files it knows (the lowest bits)."""
TCP_FROM, SCOPES_FROM = 4, 6
PR_SET_NO_NEW_PRIVS = 38


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        failure = ctypes.get_errno()
        raise OSError(failure, f"landlock call {number}: {os.strerror(failure)}")
    return result


def version() -> int:
    """Version of Landlock that the kernel speaks; 0 where there is none."""
    if platform.system() != "Linux":
        return 0
    try:
        return _call(CREATE_RULESET, ctypes.c_void_p(None), ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def restrict(readable: Iterable[Path], listable: Iterable[Path]) -> None:
    """Allow reading below ``readable`` and listing below ``listable``, and no other access to files, for good.

    Raises ``OSError`` where the kernel has no Landlock. Paths that do not exist are passed over.
    """
    speaks = version()
    rights = (1 << FILE_RIGHTS[min(speaks, len(FILE_RIGHTS) - 1)]) - 1
    network = 0b11 if speaks >= TCP_FROM else 0
    scopes = 0b11 if speaks >= SCOPES_FROM else 0
    attributes = struct.pack("QQQ", rights, network, scopes)
    size = 8 * (1 + (speaks >= TCP_FROM) + (speaks >= SCOPES_FROM))
    ruleset = _call(CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in listable:
            _allow(ruleset, path, READ_DIR)
        for path in readable:
            _allow(ruleset, path, READ_FILE | READ_DIR if path.is_dir() else READ_FILE)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(value) for value in (1, 0, 0, 0)))
        _call(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def cell() -> int:
    """A descriptor of a ruleset for ``lock_in``; -1 where the kernel has no Landlock."""
    if not version():
        return -1
    attributes = struct.pack("Q", MAKE_SOCKET)
    return _call(CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(8), ctypes.c_uint32(0))


def lock_in(cell: int) -> None:
    """Put this process into a domain of its own within that of its parent.

    Landlock lets a process look into another, at its memory or over ``/proc/PID/fd`` at its pipes, only where that one is
    in its own domain or below, whatever its user may do. Forks share the domain of their template until this is called.
    """
    _call(RESTRICT_SELF, ctypes.c_int(cell), ctypes.c_uint32(0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        _call(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.c_char_p(rule), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)
