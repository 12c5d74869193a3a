"""A process and an order → one report: the program's time, measured and ended from outside.

Guarantees that ``take`` returns, whatever the process does, not much later than the order's limits.
Believes nothing that comes out of the process but the length of a frame, and that only up to the cap.
"""

import os
import select
import signal
import socket
import time

from arcloop.execution import child, frame, message
from arcloop.execution.message import Ending, Order, Report

__all__ = ["ClosedError", "Reports", "Turn"]

GRACE = 0.5
"""Seconds that a process gets to end once its pipe is closed, or to tidy up after a program."""
LOOK, ASLEEP = 0.5, 0.001
"""At the limit on wall time a program that uses more than ASLEEP seconds of CPU in the next LOOK is starved, not asleep:
it may go on, up to PATIENCE times the limit."""
PATIENCE = 2
FLUSH_SECONDS = 0.003
FLUSH_REPORTS = 8
"""How long a report may wait for others, and how many go together: every send wakes the supervisor."""


SHORTEST, LONGEST = 0.0003, 0.02
"""Seconds between two looks at a shared process. Looking now and then lets it write without waking anyone, which on a
virtual machine can cost as much as a small program."""


class ClosedError(Exception):
    """The supervisor has gone."""


class Reports:
    """Reports on their way to the supervisor."""

    def __init__(self, channel: socket.socket) -> None:
        self.descriptor = channel.fileno()
        self._channel = channel
        self._packed = bytearray()
        self._waiting = 0

    def __bool__(self) -> bool:
        """Are any waiting?"""
        return bool(self._waiting)

    def add(self, report: Report) -> None:
        """Send ``report`` with the next ones."""
        self._packed += message.joined(report.pack())
        self._waiting += 1
        if self._waiting >= FLUSH_REPORTS:
            self.flush()

    def flush(self) -> None:
        """Send what is waiting."""
        if self._waiting:
            self._channel.sendall(self._packed)
            self._packed.clear()
            self._waiting = 0


class Turn:
    """Watches one process: its clocks, its pipe, and how it ends."""

    def __init__(self, reports: Reports, pid: int, frames: int, claims: bool) -> None:
        self.dead = False
        """Has the process been waited for?"""
        self._reports = reports
        self._pid = pid
        self._frames = frames
        # In a shared process the next program begins before the last one's frame is seen: its times are its own claim.
        self._claims = claims
        self._pace = SHORTEST
        self._cpu = 0.0
        self._buffer = bytearray()
        self._clock = (~pid << 3) | 2  # the kernel's name for a process's CPU clock
        self._poll = select.poll()
        self._poll.register(frames, select.POLLIN)
        self._poll.register(reports.descriptor, 0)  # a hang-up is reported unasked

    def take(self, order: Order, ahead: int = 0) -> Report:
        """Read the frame that answers ``order``, or find out why none comes; ``ahead`` more are with the process."""
        self._order = order
        self._pause = min(max(self._pace * (1 + ahead) / 2, SHORTEST), LONGEST)
        self._wall = -1.0
        if not self._claims:
            self._begin()
        longest = frame.cap(order.inputs) + (child.TIMES.size if self._claims else 0)
        try:
            while (body := message.split(self._buffer, longest)) is None:
                ending = self._wait()
                if ending is not None:
                    return self._kill(ending, 0)
                received = os.read(self._frames, 1 << 16)
                if not received:
                    return self._end()
                self._buffer += received
        except message.MessageError:
            return self._kill(Ending.OVERSIZE, int.from_bytes(self._buffer[:4], "little") & 0x7FFFFFFF)
        if not self._claims:
            return self._report(Ending.FRAME, 0, self._read_clock() - self._cpu, 0, body)
        if body == child.APART:
            return Report(order.number, Ending.APART, 0, 0.0, 0.0, 0, b"")
        if len(body) < child.TIMES.size:
            return self._kill(Ending.OVERSIZE, len(body))
        cpu, wall = child.TIMES.unpack_from(body)
        body = body[child.TIMES.size :]
        # Not a number compares false: it ends at the limit.
        cpu, wall = (claim if 0 <= claim <= limit else limit for claim, limit in ((cpu, order.cpu), (wall, order.wall)))
        self._pace += 0.2 * (wall - self._pace)
        return Report(order.number, Ending.FRAME, 1, cpu, wall, 0, body)

    def tidied(self) -> bool:
        """Does a shared process say in time that it is as it was before the program?"""
        deadline = time.monotonic() + GRACE
        while not self._buffer:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            if self._ready(remaining):
                received = os.read(self._frames, 1 << 16)
                if not received:
                    return False
                self._buffer += received
        return self._buffer.pop(0) == 1

    def _begin(self) -> None:
        """Note the clocks; not needed where the frame is there already."""
        self._cpu = self._read_clock()
        self._wall = time.monotonic()

    def _read_clock(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def _ready(self, seconds: float) -> bool:
        """Wait for bytes, and send waiting reports if none come soon."""
        if self._claims:
            time.sleep(min(seconds, self._pause))
            self._pause = min(2 * self._pause, LONGEST)
            seconds = 0
        elif self._reports:
            seconds = min(seconds, FLUSH_SECONDS)
        events = self._poll.poll(1000 * seconds)
        if any(descriptor == self._reports.descriptor for descriptor, _ in events):
            raise ClosedError
        if not events:
            self._reports.flush()
        return bool(events)

    def _wait(self) -> Ending | None:
        """Wait for bytes; an ending if a limit comes first."""
        if self._wall < 0:
            self._begin()
        wall_limit, seen = self._order.wall, -1.0
        while True:
            cpu = self._read_clock() - self._cpu
            wall = time.monotonic() - self._wall
            if cpu >= self._order.cpu:
                return Ending.CPU
            if wall >= wall_limit:
                if (seen >= 0 and cpu - seen < ASLEEP) or wall >= PATIENCE * self._order.wall:
                    return Ending.WALL
                wall_limit, seen = wall + LOOK, cpu
            # One thread cannot use more CPU time than wall time, so nothing is missed by sleeping this long.
            if self._ready(min(self._order.cpu - cpu, wall_limit - wall) + 0.001):
                return None

    def _report(self, ending: Ending, detail: int, cpu: float, peak: int, body: bytes = b"") -> Report:
        return Report(self._order.number, ending, detail, max(cpu, 0.0), time.monotonic() - self._wall, peak, body)

    def _kill(self, ending: Ending, detail: int) -> Report:
        if self._wall < 0:
            self._begin()
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
