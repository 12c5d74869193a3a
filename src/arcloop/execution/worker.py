"""Orders on a socket → reports on the same socket, each program in a process that is watched and killed.

A worker is a fork of the template and never runs a program itself. Guarantees one report per order
in the order of arrival, and no process left when the socket closes.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable

from arcloop.execution import child, limits, message
from arcloop.execution.message import Ending, Flag, Order
from arcloop.execution.turn import ClosedError, Reports, Turn

__all__ = ["start", "work"]

AHEAD = 12
"""Orders that a shared process holds at the most: it need not wait for the worker between programs."""
PAGE = 4096
LONGEST_ORDER = message.longest_order(1 << 20)
F_GETPIPE_SZ = 1032


def _fork() -> Callable[[], int]:
    """The C library's fork: Python's own runs hooks that touch pages, for nothing in a process with one thread."""
    try:
        plain = ctypes.PyDLL(None, use_errno=True).fork
    except (OSError, AttributeError):
        return os.fork
    plain.restype = ctypes.c_int
    plain.argtypes = ()

    def fork() -> int:
        for attempt in range(20):
            pid = int(plain())
            if pid >= 0:
                return pid
            time.sleep(0.01 * attempt)
        # Never to be taken for a process: kill(-1) means all there are.
        raise OSError(ctypes.get_errno(), "fork")

    return fork


fork = _fork()


def start(channel: socket.socket, setting: child.Setting, inherited: socket.socket) -> None:
    """Fork a worker for ``channel``; the caller, a template, goes on."""
    if fork() == 0:
        try:
            limits.die_with_parent()
            inherited.close()
            work(channel, setting)
        finally:
            os._exit(0)


def work(channel: socket.socket, setting: child.Setting) -> None:
    """Serve ``channel`` until it closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reports, orders = Reports(channel), _Orders(channel)
    shared = _Shared(reports, orders, setting)
    try:
        while True:
            if not orders.here:
                reports.flush()
                orders.receive(wait=True)
            elif shared.suits():
                shared.run()
            else:
                order, _ = orders.here.popleft()
                reports.add(alone(reports, setting, order))
                orders.receive(wait=False)
    except (ConnectionError, ClosedError):
        return
    finally:
        shared.drop()


class _Orders:
    """Orders that have arrived and are not begun, parsed and as they came."""

    def __init__(self, channel: socket.socket) -> None:
        self.here: deque[tuple[Order, bytes]] = deque()
        self._channel = channel
        self._buffer = bytearray()

    def receive(self, wait: bool) -> None:
        """Take in what has arrived; raises ``ClosedError`` when the supervisor has gone."""
        try:
            received = self._channel.recv(1 << 18, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if not received:
            raise ClosedError
        self._buffer += received
        while (body := message.split(self._buffer, LONGEST_ORDER)) is not None:
            self.here.append((Order.parse(body), message.joined(body)))


def alone(reports: Reports, setting: child.Setting, order: Order) -> message.Report:
    """Run ``order`` in a process that serves nothing else."""
    frames, inlet = os.pipe2(os.O_CLOEXEC)
    pid = fork()
    if pid == 0:
        try:
            child.prepare(setting, order.cpu, inlet, None)
            os.write(child.CHANNEL, message.joined(child.run(order, setting.names, vars(child.PROGRAM))))
        finally:
            os._exit(child.NO_OUTCOME)
    os.close(inlet)
    turn = Turn(reports, pid, frames, claims=False)
    try:
        return turn.take(order)
    finally:
        if not turn.dead:
            os.kill(pid, signal.SIGKILL)
            os.wait4(pid, 0)
        os.close(frames)


def _pages(packed: bytes) -> int:
    """Pages of a pipe that a message takes up at the most: it may begin one of its own."""
    return -(-len(packed) // PAGE)


class _Shared:
    """The process that serves several programs, renewed after ``setting.shared`` of them or any doubt."""

    def __init__(self, reports: Reports, orders: _Orders, setting: child.Setting) -> None:
        self._reports = reports
        self._waiting = orders
        self._setting = setting
        self._pid = 0
        self._frames = self._orders = -1
        self._served = 0
        self._pages = 16  # of an ordinary pipe; measured when there is one

    def suits(self) -> bool:
        """May the next order run in a shared process?"""
        order, packed = self._waiting.here[0]
        return Flag.SHARED in order.flags and _pages(packed) <= self._pages

    def run(self) -> None:
        """Run orders as long as the next one suits and the process stays as it was; at least one."""
        if not self._pid:
            self._start(self._waiting.here[0][0].cpu)
        inside: deque[tuple[Order, bytes]] = deque()
        try:
            while True:
                self._hand_over(inside)
                if not inside:
                    break
                report = self._turn.take(inside[0][0], len(inside) - 1)
                order, _ = inside.popleft()
                if report.ending is Ending.APART:
                    self._reports.add(alone(self._reports, self._setting, order))
                    continue
                self._reports.add(report)
                if self._turn.dead:
                    self._forget()
                    return
                if not self._turn.tidied():
                    self.drop()
                    return
                if len(self._waiting.here) < AHEAD:
                    self._waiting.receive(wait=False)
        finally:
            self._waiting.here.extendleft(reversed(inside))
        if self._served >= self._setting.shared:
            self.drop()
        elif self._waiting.here and self.suits():
            # It cannot even be written to: it died at rest, which is no program's doing.
            self.drop()

    def _hand_over(self, inside: deque[tuple[Order, bytes]]) -> None:
        """Give the process orders ahead, as many as its pipe surely holds."""
        while (
            self._waiting.here
            and self.suits()
            and len(inside) < AHEAD
            and self._served < self._setting.shared
            and sum(_pages(packed) for _, packed in inside) + _pages(self._waiting.here[0][1]) <= self._pages
        ):
            written = 0
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                written = os.write(self._orders, self._waiting.here[0][1])
            if not written:
                return
            inside.append(self._waiting.here.popleft())
            self._served += 1

    def _start(self, cpu: float) -> None:
        self._frames, inlet = os.pipe2(os.O_CLOEXEC)
        outlet, self._orders = os.pipe2(os.O_CLOEXEC)
        # Where users are short of pipe space it may have as little as a page.
        self._pages = fcntl.fcntl(self._orders, F_GETPIPE_SZ) // PAGE
        pid = fork()
        if pid == 0:
            try:
                child.prepare(self._setting, cpu * self._setting.shared, inlet, outlet)
                child.serve(self._setting)
            finally:
                os._exit(child.NO_OUTCOME)
        os.close(inlet)
        os.close(outlet)
        os.set_blocking(self._orders, False)
        self._pid, self._served = pid, 0
        self._turn = Turn(self._reports, pid, self._frames, claims=True)

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
