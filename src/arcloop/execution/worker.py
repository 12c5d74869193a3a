"""Orders on a socket → reports on the same socket, each program in a process that is watched and killed.

A worker is a fork of the template and never runs a program itself. Guarantees one report per order
in the order of arrival, limits enforced by clocks that the program cannot reach, and no process
left when the socket closes. Trusts nothing that comes out of a child but its length.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import time
from collections.abc import Callable

from arcloop.execution import child, frame, limits, message
from arcloop.execution.message import Ending, Flag, Order, Report

__all__ = ["work"]

PIPE = 60_000
"""Bytes of an order that surely fit an empty pipe; a longer one goes to a process of its own."""
GRACE = 0.25
"""Seconds that a shared process gets to tidy up after a program before it is given up."""
BUSY = 0.05
"""A program that used this share of the wall time is starved, not asleep: it may go on, to PATIENCE times the limit."""
PATIENCE = 6
FLUSH = 0.003
"""Seconds for which a report may wait for the next one: every send wakes the supervisor."""
LONGEST_ORDER = message.longest_order(1 << 20)


def _fork() -> Callable[[], int]:
    """The C library's fork: Python's own runs hooks that touch pages, for nothing in a process with one thread."""
    try:
        fork = ctypes.PyDLL(None).fork
    except (OSError, AttributeError):
        return os.fork
    fork.restype = ctypes.c_int
    fork.argtypes = ()
    return lambda: int(fork())


fork = _fork()


def work(channel: socket.socket, setting: child.Setting) -> None:
    """Serve ``channel`` until it closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reports = _Reports(channel)
    shared = _Shared(reports, setting)
    buffer = bytearray()
    try:
        while True:
            body = message.split(buffer, LONGEST_ORDER)
            if body is None:
                reports.flush()
                received = channel.recv(1 << 18)
                if not received:
                    return
                buffer += received
                continue
            order = Order.parse(body)
            if Flag.SHARED in order.flags and len(body) <= PIPE:
                shared.run(order, message.joined(body))
            else:
                reports.add(_alone(reports, setting, order))
    except (ConnectionError, _ClosedError):
        return
    finally:
        shared.drop()


class _ClosedError(Exception):
    """The supervisor has gone."""


class _Reports:
    """Reports on their way to the supervisor, sent together if they come fast."""

    def __init__(self, channel: socket.socket) -> None:
        self.descriptor = channel.fileno()
        self._channel = channel
        self.waiting = bytearray()

    def add(self, report: Report) -> None:
        self.waiting += message.joined(report.pack())

    def flush(self) -> None:
        if self.waiting:
            self._channel.sendall(self.waiting)
            self.waiting.clear()


class _Turn:
    """One program's time: its clocks, its pipe, and how it ends."""

    def __init__(self, reports: _Reports, pid: int, frames: int, order: Order) -> None:
        self._pid = pid
        self._frames = frames
        self._order = order
        self._clock = (~pid << 3) | 2  # the kernel's name for a process's CPU clock
        self._cpu = self._read_clock()
        self._wall = time.monotonic()
        self._poll = select.poll()
        self._poll.register(frames, select.POLLIN)
        self._reports = reports
        self._poll.register(reports.descriptor, 0)  # a hang-up is reported unasked
        self.dead = False

    def _read_clock(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def _wait(self) -> Ending | None:
        """Wait for bytes; an ending if a limit comes first."""
        wall_limit = self._order.wall
        while True:
            cpu = self._read_clock() - self._cpu
            wall = time.monotonic() - self._wall
            if cpu >= self._order.cpu:
                return Ending.CPU
            if wall >= wall_limit:
                if cpu < BUSY * wall or wall >= PATIENCE * self._order.wall:
                    return Ending.WALL
                wall_limit = wall + 0.5
            # One thread cannot use more CPU time than wall time, so nothing is missed by sleeping this long.
            patience = min(self._order.cpu - cpu, wall_limit - wall) + 0.001
            if self._reports.waiting:
                patience = min(patience, FLUSH)
            events = self._poll.poll(1000 * patience)
            if any(descriptor == self._reports.descriptor for descriptor, _ in events):
                raise _ClosedError
            if events:
                return None
            self._reports.flush()

    def take(self, buffer: bytearray) -> Report:
        """Read one frame, or find out why none comes; ``dead`` says whether the process was waited for."""
        longest = frame.cap(self._order.inputs)
        try:
            while (body := message.split(buffer, longest)) is None:
                ending = self._wait()
                if ending is not None:
                    return self._kill(ending, 0)
                received = os.read(self._frames, 1 << 16)
                if not received:
                    return self._end()
                buffer += received
        except message.MessageError:
            return self._kill(Ending.OVERSIZE, int.from_bytes(buffer[:4], "little") & 0x7FFFFFFF)
        return self._report(Ending.FRAME, 0, self._read_clock() - self._cpu, 0, body)

    def _report(self, ending: Ending, detail: int, cpu: float, peak: int, body: bytes = b"") -> Report:
        return Report(self._order.number, ending, detail, max(cpu, 0.0), time.monotonic() - self._wall, peak, body)

    def _kill(self, ending: Ending, detail: int) -> Report:
        cpu = self._read_clock() - self._cpu
        os.kill(self._pid, signal.SIGKILL)
        usage = os.wait4(self._pid, 0)[2]
        self.dead = True
        return self._report(ending, detail, cpu, usage.ru_maxrss)

    def _end(self) -> Report:
        """The pipe is closed: the process has died, or has closed it and lives on."""
        deadline = time.monotonic() + GRACE
        status, pid = 0, 0
        while not pid and time.monotonic() < deadline:
            pid, status, usage = os.wait4(self._pid, os.WNOHANG)
            if not pid:
                time.sleep(0.0005)
        if not pid:
            return self._kill(Ending.EXIT, child.NO_OUTCOME)
        self.dead = True
        cpu = max(usage.ru_utime + usage.ru_stime - self._cpu, 0.0)
        if os.WIFSIGNALED(status):
            return self._report(Ending.SIGNAL, os.WTERMSIG(status), cpu, usage.ru_maxrss)
        return self._report(Ending.EXIT, os.WEXITSTATUS(status), cpu, usage.ru_maxrss)

    def tidied(self, buffer: bytearray) -> bool:
        """Does the process say in time that it is as it was before the program?"""
        deadline = time.monotonic() + GRACE
        while not buffer:
            remaining = deadline - time.monotonic()
            events = self._poll.poll(1000 * max(remaining, 0))
            if not events:
                return False
            if any(descriptor == self._reports.descriptor for descriptor, _ in events):
                raise _ClosedError
            received = os.read(self._frames, 16)
            if not received:
                return False
            buffer += received
        clean = bytes(buffer) == b"\1"
        buffer.clear()
        return clean


def _alone(reports: _Reports, setting: child.Setting, order: Order) -> Report:
    """Run ``order`` in a process that serves nothing else."""
    frames, inlet = os.pipe2(os.O_CLOEXEC)
    pid = fork()
    if pid == 0:
        try:
            child.prepare(setting, order.cpu, inlet, None)
            os.write(child.CHANNEL, message.joined(child.run(order, setting.names)))
        finally:
            os._exit(child.NO_OUTCOME)
    os.close(inlet)
    turn = _Turn(reports, pid, frames, order)
    try:
        report = turn.take(bytearray())
    finally:
        if not turn.dead:
            os.kill(pid, signal.SIGKILL)
            os.wait4(pid, 0)
        os.close(frames)
    return report


class _Shared:
    """The process that serves several programs, renewed after ``setting.shared`` of them or any doubt."""

    def __init__(self, reports: _Reports, setting: child.Setting) -> None:
        self._reports = reports
        self._setting = setting
        self._pid = 0
        self._frames = self._orders = -1
        self._served = 0

    def run(self, order: Order, packed: bytes) -> None:
        """Run ``order`` and report on it; afterwards see to it that the process is fit for the next."""
        if self._pid and self._served >= self._setting.shared:
            self.drop()
        if not self._pid:
            self._start(order)
        self._served += 1
        turn = _Turn(self._reports, self._pid, self._frames, order)
        buffer = bytearray()
        written = 0
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            written = os.write(self._orders, packed)
        if written != len(packed):
            # The process died at rest, or its pipe is smaller than usual: nothing that this program did.
            self.drop()
            self._reports.add(_alone(self._reports, self._setting, order))
            return
        report = turn.take(buffer)
        self._reports.add(report)
        if turn.dead:
            self._forget()
        elif not turn.tidied(buffer):
            self.drop()

    def _start(self, order: Order) -> None:
        self._frames, inlet = os.pipe2(os.O_CLOEXEC)
        outlet, self._orders = os.pipe2(os.O_CLOEXEC)
        pid = fork()
        if pid == 0:
            try:
                child.prepare(self._setting, order.cpu * self._setting.shared, inlet, outlet)
                child.serve(self._setting)
            finally:
                os._exit(child.NO_OUTCOME)
        os.close(inlet)
        os.close(outlet)
        os.set_blocking(self._orders, False)
        self._pid, self._served = pid, 0

    def drop(self) -> None:
        """Kill the process, if there is one."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.wait4(self._pid, 0)
            self._forget()

    def _forget(self) -> None:
        os.close(self._frames)
        os.close(self._orders)
        self._pid = 0


def start(channel: socket.socket, setting: child.Setting, inherited: socket.socket) -> None:
    """Fork a worker for ``channel``; the caller, a template, goes on."""
    if fork() == 0:
        try:
            limits.die_with_parent()
            inherited.close()
            work(channel, setting)
        finally:
            os._exit(0)
