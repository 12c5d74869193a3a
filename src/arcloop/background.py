"""Work beside the main thread: one piece at a time, whose outcome the main thread takes in.

Only the work itself is done elsewhere; what is made of its outcome happens in the main thread, when
that waits for it. An exception of the work is raised there as it is. Leaving the context after an
exception asks the work to stop, and waits until it has: nothing goes on behind the caller's back.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Piece:
    name: int
    begun: float
    future: Future[tuple[Any, float]]
    """Its outcome, and the moment of its end."""
    then: Callable[[Any, Took], None]


class Background:
    """At most one piece of work under way; use it as a context manager."""

    def __init__(self, beside: bool) -> None:
        """``beside``: work is done in a thread of its own; otherwise ``begin`` does all of it at once."""
        self.beside = beside
        self._threads = ThreadPoolExecutor(1, "arcloop-background")  # the thread starts with the first piece
        self._stop = threading.Event()
        self._known = threading.Event()
        self._piece: _Piece | None = None

    def begin(self, name: int, work: Callable[[], T], then: Callable[[T, Took], None]) -> None:
        """Do ``work``, after what is under way; ``then`` takes its outcome in the main thread, at the next ``wait``."""
        self.wait()
        begun = time.monotonic()
        if self.beside:

            def timed() -> tuple[T, float]:
                # Ctrl-C may come before the piece is noted: then nobody would wait for it, and it is not done.
                self._known.wait()
                if self._piece is None:
                    raise _StopError
                self.go_on()
                return work(), time.monotonic()

            self._known.clear()
            try:
                self._piece = _Piece(name, begun, self._threads.submit(timed), then)
            finally:
                self._known.set()
        else:
            outcome = work()
            then(outcome, Took(time.monotonic() - begun, 0.0))

    def doing(self, name: int | None = None) -> bool:
        """Is something under way whose outcome was not taken yet: that piece, or any?"""
        return self._piece is not None and name in (None, self._piece.name)

    def wait(self) -> None:
        """Wait for what is under way, and take its outcome; raises what it raised."""
        if (piece := self._piece) is not None:
            waiting = time.monotonic()
            # Not the thread's ``join``: after an interrupted one Python takes the thread for ended.
            outcome, end = piece.future.result()
            self._piece = None
            piece.then(outcome, Took(end - piece.begun, min(end, waiting) - piece.begun))

    def check(self) -> None:
        """Raise what the work under way has raised, if it has: nothing else is worth going on with then."""
        if self._piece is not None and self._piece.future.done():
            self._piece.future.result()

    def go_on(self) -> None:
        """For the work to call now and then: ends it by an exception once the main thread has ended with one."""
        if self._stop.is_set():
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
            self._stop.set()
            self._known.set()
            # What has come to its end all the same counts; the exception that is under way says the rest.
            if self._piece is not None and self._piece.future.exception() is None:
                self.wait()
            self._piece = None
            self._threads.shutdown()
