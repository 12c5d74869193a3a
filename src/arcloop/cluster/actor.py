"""Whoever works on groups: a process of a Ray cluster, with a model and a sandbox that it keeps from group to group.

Knows nothing of Ray. All work is done in a thread of its own; the methods are quick, but ``look``, which waits for news. It
is handed the run's configuration and tasks, in which there are no answers, and never looks at task files. What it writes is in
the run's folder where that is to be seen from here, and else in a copy from which the files go back as bytes.
"""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, Protocol

from rich.console import Console

from arcloop.cluster.parcel import Parcel, Stamps, changed, unpack
from arcloop.cluster.portion import Portion
from arcloop.cluster.purse import Purse
from arcloop.config import Config, ExecutionConfig
from arcloop.errors import ArcloopError, RunError
from arcloop.execution import Sandbox
from arcloop.execution.port import Executor
from arcloop.files import UnreadableError, read_bytes
from arcloop.hindsight.anchors import Anchors
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.lock import Locks
from arcloop.runs.origin import check_origin
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Sampler
from arcloop.search.budget import DeadlineError
from arcloop.training import Trainer

__all__ = ["MARK", "Actor", "Assignment", "Brief", "Ended", "Isolate", "MadeParts", "MakeParts", "News"]

MARK = "cluster.mark"
"""The file in the run's folder by which its workers know that they see the same folder."""
_PATIENCE = 60.0
"""Seconds to wait for a process of an earlier call to let go of a group; Ray ends it when its driver has died."""


class MadeParts(Protocol):
    """What searches and what learns; see ``assembly.parts``."""

    @property
    def sampler(self) -> Sampler: ...  # noqa: D102
    @property
    def trainer(self) -> Trainer | None: ...  # noqa: D102
    @property
    def anchors(self) -> Anchors | None: ...  # noqa: D102
    @property
    def apart(self) -> bool: ...  # noqa: D102


class MakeParts(Protocol):
    """Makes the sampler and the trainer of a run's configuration, for its tasks, on so many devices."""

    def __call__(  # noqa: D102
        self, config: Config, tasks: Sequence[Task], *, devices: int
    ) -> AbstractContextManager[MadeParts]: ...


class Isolating(Executor, Protocol):
    """What runs programs, and says what stands between them and the machine."""

    @property
    def protection(self) -> str: ...


Isolate = Callable[[ExecutionConfig], AbstractContextManager[Isolating]]
"""Makes what runs programs."""


@dataclass(frozen=True)
class Brief:
    """What a worker is told when it starts."""

    folder: str
    """The run's folder, as the driver names it."""
    mark: str
    """What its file ``MARK`` holds."""
    beginning: Parcel
    """The files that say what the run is."""
    threads: int
    """Threads that a network on a CPU computes with: what it gives may depend on how many."""
    programs: int
    """Programs that are run side by side, where the configuration does not say."""
    version: str
    """The driver's arcloop."""
    devices: int = 1
    """GPUs, or shares of the cores, that it learns on together."""


@dataclass(frozen=True)
class Assignment:
    """A group to work on."""

    index: int
    """Its number."""
    stored: Parcel
    """What is stored of it; needed where the run's folder is not to be seen."""
    seconds: float | None
    """Until the deadline; None = there is none."""


@dataclass(frozen=True)
class Ended:
    """How the work on a group ended."""

    index: int
    outcome: Literal["done", "stopped", "failed"]
    """``stopped``: by the deadline, or because everything ends; what was found is stored."""
    reason: str = ""
    """Why it failed, in one line."""
    trace: str = ""
    """The traceback, where it was a bug or the machine rather than something that the user can mend."""


@dataclass(frozen=True)
class News:
    """What a worker has to say."""

    state: Literal["starting", "ready", "unfit"]
    """``unfit``: it could not start, for the ``reason``."""
    reason: str
    protection: str
    """What stands between programs and the machine."""
    here: bool
    """Is the run's folder to be seen from there?"""
    devices: int
    """That it learns on together."""
    count: int
    """Programs of its group so far, those that were found done among them."""
    found: int
    """Of these, those that were found done."""
    solved: int
    """Tasks of its group with a program that is right on all train pairs."""
    submission: str
    """JSON of its group's part of the submission, if it may have changed."""
    parcel: Parcel
    """Files of its group that are new, where the run's folder is not to be seen."""
    ended: Ended | None
    """How its work on the group ended, if it has since it was last asked."""


class Actor:
    """A worker; its methods may be called from any thread."""

    def __init__(self, make: MakeParts, brief: Brief, isolate: Isolate = Sandbox) -> None:
        """Start, beside: ``look`` says when it is ready."""
        # Before torch is imported, which reads it once.
        os.environ["OMP_NUM_THREADS"] = str(brief.threads)
        self._make = make
        self._isolate = isolate
        self._brief = brief
        self._orders: SimpleQueue[Assignment | None] = SimpleQueue()
        self._changed = threading.Condition()
        self._news = News("starting", "", "", False, brief.devices, 0, 0, 0, "", {}, None)
        self._urgent = False
        self._purse: Purse | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._live, name="arcloop-cluster", daemon=True)
        self._thread.start()

    def look(self, seconds: float) -> News:
        """What is new, at once if it is important, else after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._urgent, seconds)
            news, self._urgent = self._news, False
            self._news = replace(news, submission="", parcel={}, ended=None)
            return news

    def work(self, assignment: Assignment) -> None:
        """Work on a group, after what is under way."""
        self._orders.put(assignment)

    def stop(self) -> None:
        """Time is over: store what was found of the group under way, and take no further one."""
        with self._changed:
            self._ending = True
            if self._purse is not None:
                self._purse.end()

    def end(self, seconds: float) -> None:
        """Let go of the model and the sandbox, and wait so many seconds for it."""
        self.stop()
        self._orders.put(None)
        self._thread.join(seconds)

    def _tell(self, **changes: object) -> None:
        with self._changed:
            self._news = replace(self._news, **changes)  # type: ignore[arg-type]
            self._urgent = True
            self._changed.notify_all()

    def _count(self, count: int, found: bool) -> None:
        with self._changed:
            news = self._news
            self._news = replace(news, count=news.count + count, found=news.found + (count if found else 0))

    def _live(self) -> None:
        with ExitStack() as stack:
            try:
                run, here = self._folder(stack)
                check_origin(run)
                config = run.config_now()
                execution = config.execution
                programs = execution.workers or self._brief.programs
                sandbox = stack.enter_context(self._isolate(replace(execution, workers=programs)))
                parts = stack.enter_context(self._make(config, run.tasks(), devices=self._brief.devices))
                self._tell(state="ready", protection=str(sandbox.protection), here=here)
            except BaseException as error:
                self._tell(state="unfit", reason=_told(error))
                return
            cut = run.groups()
            while (order := self._orders.get()) is not None:
                self._tell(ended=self._worked(run, cut, here, parts, sandbox, order))

    def _folder(self, stack: ExitStack) -> tuple[RunDir, bool]:
        """The run, in its own folder or in a copy; whether it is the former."""
        brief = self._brief
        if (own := version("arcloop")) != brief.version:
            raise RunError(
                f"arcloop {own} on {socket.gethostname()}; expected {brief.version}, the driver's — install that"
            )
        with contextlib.suppress(UnreadableError):
            if read_bytes(Path(brief.folder) / MARK) == brief.mark.encode():
                return RunDir.open(Path(brief.folder)), True
        copy = Path(tempfile.mkdtemp(prefix="arcloop-"))
        stack.callback(shutil.rmtree, copy, ignore_errors=True)
        for name, content in brief.beginning.items():
            (copy / name).write_bytes(content)
        return RunDir.open(copy), False

    def _worked(
        self,
        run: RunDir,
        cut: Sequence[Sequence[Task]],
        here: bool,
        parts: MadeParts,
        sandbox: Executor,
        order: Assignment,
    ) -> Ended:
        sent: Stamps = {}
        config = run.config()

        def send() -> None:
            if not here and (parcel := changed(run, order.index, sent)):
                with self._changed:
                    held = self._news.parcel
                self._tell(parcel=held | parcel)

        def on_search(submission: str) -> None:
            send()
            self._tell(submission=submission, solved=loop.standing.solved)

        deadline = None if order.seconds is None else time.time() + order.seconds
        with self._changed:
            self._news = replace(self._news, count=0, found=0, solved=0)
            self._purse = Purse(config.budget, len(cut[order.index]) / sum(map(len, cut)), deadline)
            if self._ending:
                self._purse.end()
        outcome: Literal["done", "stopped"] = "done"
        try:
            with ExitStack() as stack:
                # A process whose driver was killed may live for some seconds, and must not write beside this one.
                locks = stack.enter_context(Locks())
                if here:
                    locks.take(run.path / f".group_{order.index:03}.lock", _PATIENCE)
                else:
                    self._take_over(run, order, sent)
                portion = Portion(run.path, (order.index,), locks.check, cut, on_search)
                loop = Loop(
                    portion,
                    parts.sampler,
                    sandbox,
                    parts.trainer,
                    _Counted(self._count),
                    parts.anchors,
                    self._purse,
                    parts.apart,
                    on_place=send,
                )
                try:
                    loop.search_and_learn()
                except DeadlineError:
                    outcome = "stopped"
                send()
                # Also what an earlier call has found counts.
                loop.standing.write(portion)
            return Ended(order.index, outcome)
        except BaseException as error:
            trace = "" if isinstance(error, ArcloopError) else traceback.format_exc()[-4000:]
            return Ended(order.index, "failed", _told(error), trace)

    def _take_over(self, run: RunDir, order: Assignment, sent: Stamps) -> None:
        """Have what is stored of a group in the copy of the run, and nothing else of it."""
        for round_ in range(run.config().rounds):
            shutil.rmtree(run.group(round_, order.index).path, ignore_errors=True)
        unpack(order.stored, run.path, order.index)
        changed(run, order.index, sent)


class _Counted(Progress):
    """Progress that is shown elsewhere."""

    def __init__(self, on_count: Callable[[int, bool], None]) -> None:
        super().__init__(Console(quiet=True), 0, "programs")
        self._on_count = on_count

    def advance(self, count: int = 1, *, found: bool = False) -> None:
        """See ``Progress``."""
        self._on_count(count, found)

    def stage(self, text: str) -> None:
        """Nothing: where all stand is shown, not one."""

    def fact(self, name: str, value: object) -> None:
        """Nothing, likewise."""


def _told(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, ArcloopError):
        return str(error)
    return str(ArcloopError(f"{type(error).__name__}: {str(error)[:500]}"))
