"""Orders → reports over all pools: who runs what, and what happens when a worker dies.

Guarantees one report per order, whatever becomes of workers and templates: an order that was lost
with its worker is sent again, and reported as LOST if that happens too often.
"""

import selectors
import sys
from collections import deque
from dataclasses import dataclass, replace

from arcloop.errors import SandboxError
from arcloop.execution.message import Ending, Flag, Order, Report
from arcloop.execution.pool import DiedError, Line, Pool
from arcloop.execution.protection import Protection

__all__ = ["Dispatcher", "Place"]

Place = tuple[str, int]
"""Which template: its flavour and its hash seed."""

AHEAD = 24
"""Orders that a worker holds at the most: one running, the others spare it the wait for the supervisor."""
LOW = 14
"""It gets more when it has no more than these left."""
FEW = 2
SLOW = 0.02
"""Seconds that its last programs took on average from which on a worker gets only FEW: it need not wait then either."""
DEATHS = 3
"""Workers that may die with an order before it is given up."""
RESTARTS = 5
"""Templates that may die in a row before the dispatcher gives up."""


@dataclass(slots=True)
class _Ticket:
    order: Order
    place: Place
    deaths: int = 0


class Dispatcher:
    """Holds the pools and feeds their workers."""

    def __init__(self, workers: int, memory: int, shared: int, at_most: Protection) -> None:
        self.workers = workers
        self._memory = memory
        self._shared = shared
        self._at_most = at_most
        self._pools: dict[Place, Pool] = {}
        self._queues: dict[Place, deque[_Ticket]] = {}
        self._sent: dict[int, _Ticket] = {}
        self._lost: list[Report] = []
        self._selector: selectors.BaseSelector = selectors.SelectSelector()  # needs no descriptor while all is at rest
        self._restarts = 0

    def pool(self, place: Place) -> Pool:
        """The pool of ``place``, started if need be."""
        if place not in self._pools:
            if isinstance(self._selector, selectors.SelectSelector):
                self._selector = selectors.DefaultSelector()
            flavour, seed = place
            self._pools[place] = pool = Pool(flavour, seed, self._memory, self._shared, self._at_most)
            self._selector.register(pool.control, selectors.EVENT_READ, pool)
        return self._pools[place]

    def protection(self, place: Place) -> Protection:
        """Level that the template of ``place`` reached; waits until it is ready, and starts another where it dies first."""
        while True:
            try:
                return self.pool(place).protection
            except DiedError:
                self._restart(place)

    def close(self) -> None:
        """End every process; orders without a report are forgotten."""
        self._selector.close()
        self._selector = selectors.SelectSelector()
        for pool in self._pools.values():
            pool.close()
        for table in (self._pools, self._queues, self._sent):
            table.clear()
        self._lost.clear()

    def submit(self, order: Order, place: Place) -> None:
        """Queue ``order``; it is on its way as soon as a worker has room."""
        self._queues.setdefault(place, deque()).append(_Ticket(order, place))
        self._feed(place)

    def withdraw(self, number: int) -> bool:
        """Take an order back that no worker has seen; False if it is too late."""
        for queue in self._queues.values():
            for ticket in queue:
                if ticket.order.number == number:
                    queue.remove(ticket)
                    return True
        return False

    def collect(self, wait: bool) -> list[Report]:
        """Reports that have come in; with ``wait`` at least one, if any order is out."""
        while True:
            reports, self._lost = self._lost, []
            unfinished = bool(self._sent) or any(self._queues.values())
            timeout = None if wait and not reports and unfinished else 0
            for key, events in self._selector.select(timeout):
                pool = key.data if isinstance(key.data, Pool) else key.data.pool
                if pool not in self._pools.values():
                    continue  # its template was found dead a moment ago
                if pool is key.data:
                    self._greet(pool)
                else:
                    if events & selectors.EVENT_WRITE and key.data.flush():
                        self._selector.modify(key.data.channel, selectors.EVENT_READ, key.data)
                    if events & selectors.EVENT_READ:
                        reports += self._receive(key.data)
            if reports or not wait or not unfinished:
                return reports

    def _greet(self, pool: Pool) -> None:
        """A template is ready, or has died."""
        place = self._place(pool)
        try:
            if not pool.ready:
                pool.greet()
                self._feed(place)
                return
        except DiedError:
            pass
        self._restart(place)

    def _place(self, pool: Pool) -> Place:
        return next(place for place, known in self._pools.items() if known is pool)

    def _receive(self, line: Line) -> list[Report]:
        reports = line.receive()
        if reports is None:
            self._bury(line)
            return []
        if reports:
            self._restarts = 0
            for report in reports:
                del self._sent[report.number]
            self._feed(self._place(line.pool))
        return reports

    def _feed(self, place: Place) -> None:
        """Hand queued orders to the workers with the least to do; start workers while there are fewer than allowed."""
        queue = self._queues.get(place)
        while queue:
            pool = self.pool(place)
            if not pool.ready:
                return  # its greeting brings us back here
            line = min(pool.lines, key=lambda line: len(line.waiting), default=None)
            if (line is None or line.waiting) and len(pool.lines) < self.workers:
                line = pool.add_line()
                if line is None:
                    self._restart(place)
                    return
                self._selector.register(line.channel, selectors.EVENT_READ, line)
            if line is None:
                return
            # Few while programs are slow or nearly all given out: nothing shall wait behind another's endless loop
            # while other workers are idle.
            fair = len(queue) // (2 * self.workers)
            count = FEW if line.pace > SLOW else min(max(fair, FEW), AHEAD)
            if len(line.waiting) >= min(count, LOW + 1):
                return
            tickets = [queue.popleft() for _ in range(min(count - len(line.waiting), len(queue)))]
            self._sent.update((ticket.order.number, ticket) for ticket in tickets)
            if not line.send([ticket.order for ticket in tickets]):
                self._selector.modify(line.channel, selectors.EVENT_READ | selectors.EVENT_WRITE, line)

    def _bury(self, line: Line) -> None:
        """A worker is gone: its oldest order is the suspect, all that it held are queued again."""
        pool, place = line.pool, self._place(line.pool)
        self._selector.unregister(line.channel)
        numbers = list(line.waiting)
        pool.drop_line(line)
        for number in reversed(numbers):
            ticket = self._sent.pop(number)
            if number == numbers[0]:
                ticket.deaths += 1
                ticket.order = replace(ticket.order, flags=ticket.order.flags & ~Flag.SHARED)
            if ticket.deaths >= DEATHS:
                self._lost.append(Report(number, Ending.LOST, 0, 0.0, 0.0, 0, b""))
            else:
                self._queues.setdefault(place, deque()).appendleft(ticket)
        self._feed(place)

    def _restart(self, place: Place) -> None:
        """The template is gone: take back what its workers hold and start another one."""
        self._restarts += 1
        if self._restarts > RESTARTS:
            self.close()
            raise SandboxError(
                f"the process that runs programs ({sys.executable}) has died {self._restarts} times in a row; expected it to"
                " last — is the machine out of memory or processes, and may this user execute it?"
            )
        pool = self._pools.pop(place)
        self._selector.unregister(pool.control)
        for line in list(pool.lines):
            self._selector.unregister(line.channel)
            for number in reversed(line.waiting):
                self._queues.setdefault(place, deque()).appendleft(self._sent.pop(number))
        pool.close()
        self._feed(place)
