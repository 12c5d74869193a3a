"""Work beside the main thread: one piece at a time, whose outcome the main thread takes in.

Only the work itself is done elsewhere; what is made of its outcome happens in the main thread, when
that waits for it. An exception of the work is raised there as it is. Leaving the context after an
exception asks the work to stop, and waits until it has: nothing goes on behind the caller's back.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["Background", "Took"]

T = TypeVar("T")


@dataclass(frozen=True)
class Took:
    """How long a piece of work took."""

    seconds: float
    """Wall time from its beginning to its end."""
    beside: float
    """Of that, seconds during which the main thread did something else."""


class _StopError(Exception):
    """The work is to stop, because the main thread has."""


class _Piece:
    """Work in a thread of its own.

    Ctrl-C can come at any moment, also inside a ``Condition`` or ``Thread.join`` of Python, which then hold their locks for
    ever or take the thread for ended. So what the main thread waits with is a queue, which is one step.
    """

    def __init__(self, name: int, work: Callable[[], Any], then: Callable[[Any, Took], None]) -> None:
        self.name = name
        self.then = then
        self.begun = self.end = time.monotonic()
        self.over = False
        self.error: BaseException | None = None
        self.outcome: Any = None
        self._work = work
        self._ended: SimpleQueue[None] = SimpleQueue()
        self.thread = threading.Thread(target=self._do, name="arcloop-background", daemon=True)

    def _do(self) -> None:
        try:
            self.outcome = self._work()
        except BaseException as error:
            self.error = error
        finally:
            self.end = time.monotonic()
            self.over = True
            self._ended.put(None)

    def wait(self) -> None:
        while not self.over:
            self._ended.get()


class Background:
    """At most one piece of work under way; use it as a context manager."""

    def __init__(self, beside: bool) -> None:
        """``beside``: work is done in a thread of its own; otherwise ``begin`` does all of it at once."""
        self.beside = beside
        self._stop = False
        self._piece: _Piece | None = None

    def begin(self, name: int, work: Callable[[], T], then: Callable[[T, Took], None]) -> None:
        """Do ``work``, after what is under way; ``then`` takes its outcome in the main thread, at the next ``wait``."""
        self.wait()
        if self.beside:

            def unless_stopped() -> T:
                self.go_on()
                return work()

            self._piece = _Piece(name, unless_stopped, then)
            self._piece.thread.start()
        else:
            begun = time.monotonic()
            outcome = work()
            then(outcome, Took(time.monotonic() - begun, 0.0))

    def doing(self, name: int | None = None) -> bool:
        """Is something under way whose outcome was not taken yet: that piece, or any?"""
        return self._piece is not None and name in (None, self._piece.name)

    def wait(self) -> None:
        """Wait for what is under way, and take its outcome; raises what it raised."""
        if (piece := self._piece) is not None:
            waiting = time.monotonic()
            piece.wait()
            if piece.error is not None:
                raise piece.error
            self._piece = None
            piece.then(piece.outcome, Took(piece.end - piece.begun, min(piece.end, waiting) - piece.begun))

    def check(self) -> None:
        """Raise what the work under way has raised, if it has: nothing else is worth going on with then."""
        if self._piece is not None and self._piece.error is not None:
            raise self._piece.error

    def go_on(self) -> None:
        """For the work to call now and then: ends it by an exception once the main thread has ended with one."""
        if self._stop:
            raise _StopError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.wait()
        finally:
            self._stop = True
            # A thread that is not alive yet, because Ctrl-C came while it was started, will find that it is to stop.
            if (piece := self._piece) is not None and piece.thread.is_alive():
                piece.wait()
            # What has come to its end all the same counts; the exception that is under way says the rest.
            if piece is not None and piece.over and piece.error is None:
                self.wait()
            self._piece = None
