"""How far long work is: a bar on a terminal, plain lines elsewhere.

Nothing is printed in the first two seconds, so that quick work stays quiet. Threads may share one.
"""

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

__all__ = ["Progress"]

_QUIET = 2.0
_EVERY = 10.0
"""Seconds between plain lines."""


class Progress:
    """Counts units of work towards a total; use it as a context manager."""

    def __init__(self, console: "Console", total: int, unit: str) -> None:
        """``unit`` names what is counted, in the plural; ``total`` 0: nobody knows how many there are."""
        self._console = console
        self._total = total
        self._unit = unit
        self._stage = ""
        self._facts: dict[str, str] = {}
        self._count = 0
        self._counted = 0  # without what was found done already: the rate is of this run's own work
        self._start = self._printed = time.monotonic()
        self._bar: RichProgress | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._start = self._printed = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif time.monotonic() - self._start > _QUIET and kind is None:
            self._print()

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        with self._lock:
            self._stage = text
            self._show()

    def advance(self, count: int = 1, *, found: bool = False) -> None:
        """``count`` more units are done; ``found``: they had been done before, and say nothing about speed."""
        with self._lock:
            self._count += count
            self._counted += 0 if found else count
            self._show()

    def reach(self, count: int, *, found: bool = False) -> None:
        """``count`` units are done in all; ``found`` as in ``advance``."""
        self.advance(count - self._count, found=found)

    def fact(self, name: str, value: object) -> None:
        """Show ``name value`` beside the count, in place of its earlier value; None: show it no more."""
        with self._lock:
            if value is None:
                self._facts.pop(name, None)
            else:
                self._facts[name] = str(value)
            self._show()

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._start < _QUIET:
            return
        if self._console.is_terminal:
            self._show_bar()
        elif now - self._printed > _EVERY:
            self._printed = now
            self._print()

    def _show_bar(self) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        if self._bar is None:
            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                TextColumn("{task.fields[line]}"),
                console=self._console,
            )
            self._bar.add_task(self._stage, total=self._total or None, line="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=self._count, description=self._stage, line=self._line())

    def _print(self) -> None:
        self._console.print(
            f"{self._stage}: {self._line()}" if self._stage else self._line(), highlight=False, soft_wrap=True
        )

    def _line(self) -> str:
        seconds = time.monotonic() - self._start
        rate = self._counted / seconds if seconds > 0 else 0.0
        facts = [f"{name} {value}" for name, value in self._facts.items()]
        speed = f"{rate:.1f} {self._unit}/s"
        if not self._total:
            return " · ".join([f"{self._count} {self._unit}", *facts, speed])
        left = f"{_clock((self._total - self._count) / rate)} left" if rate > 0 else "time left unknown"
        return " · ".join([f"{self._count}/{self._total} {self._unit}", *facts, speed, left])


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
