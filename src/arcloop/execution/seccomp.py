"""A list of allowed system calls → a seccomp filter on this process, through ctypes alone.

Guarantees: after ``install`` every call outside the list fails with EPERM, for this process and
its descendants, and nothing takes the filter off again. A call under a foreign architecture kills
the process. Does not limit what the allowed calls do: paths are Landlock's matter.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence

__all__ = ["MACHINES", "install", "program", "supported"]

# What a computing Python needs: memory, reading, writing to descriptors that it has, its own signals, clocks, entropy.
# Not on the list, on purpose: fcntl and ioctl (O_ASYNC with F_SETOWN sends signals to other processes), kill and its
# kin, clone, exec, sockets, timers (they outlive a program), prctl, prlimit, memfd, System V memory, io_uring.
X86_64 = {
    **dict(read=0, write=1, close=3, stat=4, fstat=5, lstat=6, lseek=8, mmap=9, mprotect=10, munmap=11, brk=12),
    **dict(rt_sigaction=13, rt_sigprocmask=14, rt_sigreturn=15, pread64=17, readv=19, writev=20, sched_yield=24),
    **dict(mremap=25, madvise=28, nanosleep=35, exit=60, uname=63, getcwd=79, gettimeofday=96, getrusage=98),
    **dict(sysinfo=99, times=100, getuid=102, getgid=104, geteuid=107, getegid=108, sigaltstack=131, time=201),
    **dict(futex=202, sched_getaffinity=204, getdents64=217, restart_syscall=219, clock_gettime=228),
    **dict(clock_getres=229, clock_nanosleep=230, exit_group=231, openat=257, newfstatat=262, set_robust_list=273),
    **dict(getrandom=318, statx=332, rseq=334, getpid=39, gettid=186, getppid=110),
}
AARCH64 = {
    **dict(read=63, write=64, close=57, fstat=80, lseek=62, mmap=222, mprotect=226, munmap=215, brk=214),
    **dict(rt_sigaction=134, rt_sigprocmask=135, rt_sigreturn=139, pread64=67, readv=65, writev=66, sched_yield=124),
    **dict(mremap=216, madvise=233, nanosleep=101, exit=93, uname=160, getcwd=17, gettimeofday=169, getrusage=165),
    **dict(sysinfo=179, times=153, getuid=174, getgid=176, geteuid=175, getegid=177, sigaltstack=132),
    **dict(futex=98, sched_getaffinity=123, getdents64=61, restart_syscall=128, clock_gettime=113),
    **dict(clock_getres=114, clock_nanosleep=115, exit_group=94, openat=56, newfstatat=79, set_robust_list=99),
    **dict(getrandom=278, statx=291, rseq=293, getpid=172, gettid=178, getppid=173),
}
MACHINES = {"x86_64": (0xC000003E, X86_64), "aarch64": (0xC00000B7, AARCH64)}
"""Machine → audit architecture and numbers of the allowed calls."""

IDENTITY = ("getpid", "gettid", "getppid")
"""Calls that answer a constant, so that no output can depend on a process number unnoticed."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, THIRD_ARGUMENT = 0, 4, 32
"""Offsets in struct seccomp_data; of an argument the low half."""
FOREIGN_NUMBERS = 0x40000000
"""x86-64 calls from here on belong to the x32 interface."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | 0o20000000
"""Flags of openat that are refused; the last is the bit of O_TMPFILE that is not O_DIRECTORY's."""

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def supported() -> bool:
    """Is this a Linux on a machine whose call numbers are known here?"""
    return platform.system() == "Linux" and platform.machine() in MACHINES


def program(machine: str, opens: bool, identity: int) -> bytes:
    """The filter as BPF code: an array of struct sock_filter.

    ``opens`` allows openat for reading (Landlock must then say what); otherwise no file can be
    opened at all. The process's own number reads as ``-identity``: the C library hands the failed
    call's value through.
    """
    architecture, allowed = MACHINES[machine]
    plain = sorted(number for name, number in allowed.items() if name not in (*IDENTITY, "openat"))
    code = [
        _step(LOAD, 0, 0, ARCHITECTURE),
        _step(EQUAL, 1, 0, architecture),
        _step(RETURN, 0, 0, KILL),
        _step(LOAD, 0, 0, NUMBER),
        _step(AT_LEAST, 0, 1, FOREIGN_NUMBERS),
        _step(RETURN, 0, 0, KILL),
    ]
    for name in IDENTITY:
        code += [_step(EQUAL, 0, 1, allowed[name]), _step(RETURN, 0, 0, ERRNO | identity)]
    if opens:
        code += [
            _step(EQUAL, 0, 4, allowed["openat"]),
            _step(LOAD, 0, 0, THIRD_ARGUMENT),
            _step(ANY_BIT, 0, 1, WRITING),
            _step(RETURN, 0, 0, ERRNO | errno.EPERM),
            _step(RETURN, 0, 0, ALLOW),
        ]
    # A test for each run of consecutive numbers: jumps reach 255 steps, the list is far shorter.
    for first, last in _runs(plain):
        code += [_step(AT_LEAST, 0, 2, first), _step(AT_LEAST, 1, 0, last + 1), _step(RETURN, 0, 0, ALLOW)]
    code.append(_step(RETURN, 0, 0, ERRNO | errno.EPERM))
    return b"".join(code)


def _step(code: int, true: int, false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, true, false, value)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(code: bytes) -> None:
    """Put the filter on the calling process for good; raises ``OSError`` where the kernel does not offer it."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, first, second in (
        (PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), ctypes.c_void_p(None)),
        (PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(_Program(len(code) // 8, code))),
    ):
        if libc.prctl(option, first, second, ctypes.c_ulong(0), ctypes.c_ulong(0)):
            failure = ctypes.get_errno()
            raise OSError(failure, f"prctl({option}): {os.strerror(failure)}")
