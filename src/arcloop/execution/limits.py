"""Numbers → resource limits of this process: memory, files, processes, CPU.

Guarantees: what is set here is hard and inherited, no process below can raise it again once the
system-call filter is on. The limit on CPU time is a second line only (it has steps of a second, and
the worker watches the clock more finely); the limit on processes does not bind root.
"""

import ctypes
import math
import mmap
import os
import resource
import signal
import struct

__all__ = ["address_space", "child", "die_with_parent", "hide", "renounce", "template"]

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
CAPABILITY_VERSION = 0x20080522
DESCRIPTORS = 64
STACK = 8 << 20
"""Bytes of stack, the same on every host: how deep a program can recurse is part of its verdict."""


def _prctl(option: int, value: int) -> None:
    # A variadic function: arguments travel as longs, as the kernel reads all five.
    ctypes.CDLL(None, use_errno=True).prctl(option, *(ctypes.c_ulong(word) for word in (value, 0, 0, 0)))


def _hard(which: int, value: int) -> None:
    """Set soft and hard limit to ``value``, or to the present hard limit where that is lower."""
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    resource.setrlimit(which, (value, value))


def address_space() -> int:
    """Bytes of address space that this process has mapped."""
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[0]) * mmap.PAGESIZE


def template() -> None:
    """Limits of the template and all below it."""
    _hard(resource.RLIMIT_CORE, 0)
    _hard(resource.RLIMIT_FSIZE, 0)
    _hard(resource.RLIMIT_STACK, STACK)
    # Writing beyond RLIMIT_FSIZE shall be an error (EFBIG) and not a death.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def hide() -> None:
    """Make this process and its descendants opaque to others of the same user: no ptrace, no /proc/…/mem."""
    _prctl(PR_SET_DUMPABLE, 0)


def renounce() -> None:
    """Give up every capability, for good: root is then a user like others.

    Raises ``OSError`` where the kernel does not let it; it always should.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", CAPABILITY_VERSION, 0)
    none = bytes(24)  # effective, permitted and inheritable sets in two halves
    if libc.capset(ctypes.c_char_p(header), ctypes.c_char_p(none)):
        failure = ctypes.get_errno()
        raise OSError(failure, f"capset: {os.strerror(failure)}")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def child(space: int, cpu: float) -> None:
    """Limits of a process that runs programs: ``space`` bytes of address space, ``cpu`` seconds in all."""
    _hard(resource.RLIMIT_AS, space)
    _hard(resource.RLIMIT_CPU, math.ceil(cpu) + 1)
    _hard(resource.RLIMIT_NOFILE, DESCRIPTORS)
    _hard(resource.RLIMIT_NPROC, 0)
