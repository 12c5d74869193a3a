"""Jobs → executions: the supervisor, in the user's process.

Guarantees one execution per job, by id, whatever the programs do; never unpickles, never runs a
program's code, hands out nothing but sources and inputs. One thread; results in completion order.
"""

import hashlib
import os
import signal
import sys
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import numpy as np

from arcloop.config import ExecutionConfig
from arcloop.errors import ConfigError, SandboxError
from arcloop.execution import frame
from arcloop.execution.cache import Cache
from arcloop.execution.confirm import compare
from arcloop.execution.dispatch import AHEAD, Dispatcher, Place
from arcloop.execution.library import flavour_of
from arcloop.execution.message import Ending, Flag, Order, Report
from arcloop.execution.protection import Protection
from arcloop.execution.version import fingerprint
from arcloop.records import Execution, Grid, Job, Status

__all__ = ["MAX_SOURCE", "Sandbox"]

MAX_SOURCE = 256 << 10
"""Bytes of source, at the most; larger programs are refused."""
BACKLOG = 48
"""Jobs per worker taken from the caller beyond what the workers hold."""
REMEMBERED = 20_000
"""Outcomes kept in memory, so that equal programs are run once."""
KILLS = 3
"""Times that a program's process is killed by the machine before that is its verdict."""
FLOOR = 0.125
"""Share of the limit below which repeated timeouts lower no group's limit."""
MAIN: Place = ("numpy", 0)


@dataclass(slots=True)
class _Run:
    """One call of ``execute``: what is ready for its caller, and how many executions are still out."""

    ready: deque[Execution] = field(default_factory=deque)
    out: int = 0


@dataclass(slots=True)
class _Pending:
    """A program that is being run, and everyone who asked for it."""

    key: bytes
    order: Order
    group: str
    askers: list[tuple[str, _Run]]
    place: Place
    kills: int = 0


@dataclass(frozen=True, slots=True)
class _Way:
    """How a call runs its programs."""

    seed: int = 0
    """Hash seed of the template."""
    again: bool = False
    """A confirmation: alone in a process, inputs in reverse order."""
    reseeded: bool = False
    """With other random numbers than usual."""


PLAIN = _Way()
CONFIRMATIONS = (_Way(1, again=True), _Way(2, again=True))
"""Two, because of what has few values (a coin, the order of two names) one alone would miss too much."""


class Sandbox:
    """Runs programs that nobody has read.

    Use as a context manager. ``config``: limits and mode; None = the defaults. ``cache``: folder of earlier executions, which runs and machines may
    share. ``at_most`` withholds protection that the machine has, to see how programs fare on another.
    Raises ``SandboxError`` on entry if the machine offers resource limits only and
    ``config.allow_weak_sandbox`` is not set.
    """

    def __init__(
        self, config: ExecutionConfig | None = None, cache: Path | None = None, at_most: Protection = Protection.FULL
    ) -> None:
        self._config = config = config or ExecutionConfig()
        workers = config.workers or (len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1)
        self._dispatcher = Dispatcher(workers, config.memory, config.batch_size, at_most)
        self._room = (AHEAD + BACKLOG) * workers
        self._pending: dict[int, _Pending] = {}
        self._numbers: dict[bytes, int] = {}
        self._last = 0
        self._outcomes: OrderedDict[bytes, Execution] = OrderedDict()
        self._timeouts: dict[str, int] = {}
        self._packed: tuple[tuple[Grid, ...], bytes] = ((), b"")
        self._folder = cache
        self._cache: Cache | None = None
        self._base = b""

    def __enter__(self) -> "Sandbox":
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        if sys.platform != "linux":
            raise SandboxError(
                f"this machine runs {sys.platform}; expected Linux, whose kernel isolates programs — use a Linux container"
            )
        level = self._dispatcher.protection(MAIN)
        if level is Protection.RLIMITS and not self._config.allow_weak_sandbox:
            self.close()
            raise SandboxError(
                "this machine's protection is 'rlimits' (no seccomp); expected at least 'seccomp', because programs"
                " could read files and use the network — run where the kernel offers seccomp, or trust the programs"
                " and pass --execution.allow-weak-sandbox (to arcloop execute: --allow-weak-sandbox)"
            )
        config = self._config
        limits = f"{level} {config.mode} {config.timeout!r} {config.wall_timeout!r} {config.memory} {MAX_SOURCE}"
        self._base = fingerprint() + limits.encode()
        if self._folder is not None and self._cache is None:
            try:
                self._cache = Cache(self._folder)
            except OSError as failure:
                self.close()
                raise ConfigError(
                    f"the cache folder is {str(self._folder)!r}, which cannot be used ({failure.strerror}); expected a"
                    " folder that this user may write to — pass another one"
                ) from failure

    def close(self) -> None:
        """End every process. The sandbox can be used again and then starts afresh."""
        self._dispatcher.close()
        self._pending.clear()
        self._numbers.clear()
        self._base = b""
        if self._cache is not None:
            self._cache.close()

    @property
    def protection(self) -> Protection:
        """What this machine can put between programs and itself; tried out, not looked up."""
        return self._dispatcher.protection(MAIN)

    def execute(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """Run every job and yield its execution as it completes.

        Exactly one execution per job, also for jobs with equal ids. Equal programs on equal inputs
        run once and share their (read-only) output grids. Never raises because of a program; raises
        ``ValueError`` for a job whose inputs are not grids, and ``SandboxError`` if processes cannot
        be started any more.
        """
        return self._execute(jobs, PLAIN)

    def confirm(self, pairs: Iterable[tuple[Job, Execution]], reseed: bool = False) -> Iterator[Execution]:
        """Run again what matters, and yield the earlier execution of each pair, or what is wrong with it.

        Two more times, each in a process of its own, under other hash seeds and with the inputs in
        reverse order; with ``reseed`` the second time also with other random numbers than usual. If an output differs from the earlier one, the status is ``nondeterministic``
        and only the outputs that always agreed are kept. Meant for whatever passes the train pairs,
        is trained on or submitted. One execution per pair, in the order of the pairs.
        """
        earlier = list(pairs)
        verdicts = [execution for _, execution in earlier]
        first, second = CONFIRMATIONS
        for way in (first, replace(second, reseeded=reseed)):
            jobs = [replace(job, id=str(index), group="") for index, (job, _) in enumerate(earlier)]
            for again in self._execute(jobs, way):
                verdicts[int(again.id)] = compare(verdicts[int(again.id)], again)
        if self._cache is not None:
            for (job, execution), verdict in zip(earlier, verdicts, strict=True):
                if verdict is execution and execution.status is Status.OK:
                    source = _encoded(job.source)
                    key = self._key(source, self._pack(job.inputs), self._limit(job.group), PLAIN)
                    self._cache.put(key, replace(execution, id=""))
        yield from verdicts

    def _execute(self, jobs: Iterable[Job], way: _Way) -> Iterator[Execution]:
        if not self._base:
            self._start()
        run = _Run()
        source: Iterator[Job] | None = iter(jobs)
        try:
            while source is not None or run.out:
                if source is not None and run.out < self._room:
                    job = next(source, None)
                    if job is None:
                        source = None
                    else:
                        self._admit(job, way, run)
                waits = run.out > 0 and not run.ready and (source is None or run.out >= self._room)
                for report in self._dispatcher.collect(waits):
                    self._settle(report)
                while run.ready:
                    yield run.ready.popleft()
        finally:
            self._abandon(run)

    def _abandon(self, run: _Run) -> None:
        """Nobody asks for this run's executions any more."""
        for number, pending in list(self._pending.items()):
            pending.askers = [asker for asker in pending.askers if asker[1] is not run]
            if not pending.askers and self._dispatcher.withdraw(number):
                del self._pending[number]
                del self._numbers[pending.key]

    def _admit(self, job: Job, way: _Way, run: _Run) -> None:
        """Answer ``job`` from what is known, or have it run."""
        source = _encoded(job.source)
        if len(source) > MAX_SOURCE:
            reason = f"the source has {len(source)} bytes; at most {MAX_SOURCE} are run"
            run.ready.append(Execution(job.id, Status.REFUSED, (None,) * len(job.inputs), reason, 0.0, 0.0))
            return
        grids = self._pack(job.inputs)
        cpu = self._limit(job.group)
        key = self._key(source, grids, cpu, way)
        known = self._outcomes.get(key) or (self._cache.get(key) if self._cache is not None else None)
        if known is not None:
            self._remember(key, known)
            run.ready.append(replace(known, id=job.id))
            return
        run.out += 1
        if key in self._numbers:
            self._pending[self._numbers[key]].askers.append((job.id, run))
            return
        flags = Flag.REVERSED if way.again else Flag(0)
        flags |= Flag.RESEEDED if way.reseeded else Flag(0)
        if self._config.mode == "batch" and not way.again:
            flags |= Flag.SHARED
        self._last += 1
        order = Order(self._last, flags, cpu, self._config.wall_timeout, len(job.inputs), source, grids)
        place = (flavour_of(job.source), way.seed)
        self._pending[order.number] = _Pending(key, order, job.group, [(job.id, run)], place)
        self._numbers[key] = order.number
        self._dispatcher.submit(order, place)

    def _key(self, source: bytes, grids: bytes, cpu: float, way: _Way) -> bytes:
        """What an execution depends on, in 32 bytes."""
        digest = hashlib.sha256(self._base)
        digest.update(b"%d %d %d %a %d\0" % (way.seed, way.again, way.reseeded, cpu, len(source)))
        digest.update(source)
        digest.update(grids)
        return digest.digest()

    def _settle(self, report: Report) -> None:
        """Turn a report into executions for everyone who asked."""
        pending = self._pending[report.number]
        killed = report.ending is Ending.SIGNAL and report.detail == signal.SIGKILL
        pending.kills += killed
        if killed and pending.kills < KILLS:
            # No program can do that, to itself or another: the machine did. Alone, it takes nobody along.
            pending.order = replace(pending.order, flags=pending.order.flags & ~Flag.SHARED)
            self._dispatcher.submit(pending.order, pending.place)
            return
        del self._pending[report.number], self._numbers[pending.key]
        execution = judge(report, pending.order)
        if execution.status is Status.TIMEOUT and pending.group:
            self._timeouts[pending.group] = self._timeouts.get(pending.group, 0) + 1
        if report.ending is not Ending.LOST and not killed:
            # What the machine did to a program (no memory left) says nothing about its next run.
            self._remember(pending.key, execution)
            # What was found beside other programs is kept on disk once it is confirmed.
            alone = Flag.SHARED not in pending.order.flags or report.alone
            if self._cache is not None and alone:
                self._cache.put(pending.key, execution)
        for name, run in pending.askers:
            run.out -= 1
            run.ready.append(replace(execution, id=name))

    def _remember(self, key: bytes, execution: Execution) -> None:
        self._outcomes[key] = execution
        self._outcomes.move_to_end(key)
        if len(self._outcomes) > REMEMBERED:
            self._outcomes.popitem(last=False)

    def _limit(self, group: str) -> float:
        """CPU seconds for the next program of ``group``."""
        step = self._config.lower_after
        if not step or not group:
            return self._config.timeout
        return self._config.timeout * max(0.5 ** (self._timeouts.get(group, 0) // step), FLOOR)

    def _pack(self, inputs: tuple[Grid, ...]) -> bytes:
        """Inputs as an order carries them; the programs of a task come one after another, so the last is kept."""
        if inputs is self._packed[0] and inputs:
            return self._packed[1]
        if len(inputs) > frame.MAX_INPUTS:
            raise ValueError(f"a job has {len(inputs)} inputs; expected at most {frame.MAX_INPUTS}")
        parts = []
        for index, grid in enumerate(inputs):
            cells = np.asarray(grid)
            if not (
                cells.ndim == 2
                and cells.dtype.kind in "iu"
                and all(1 <= side <= frame.MAX_SIDE for side in cells.shape)
                and ((cells >= 0) & (cells <= 9)).all()
            ):
                raise ValueError(
                    f"input {index} of a job has shape {cells.shape} and type {cells.dtype}; expected integers 0–9,"
                    f" 1–{frame.MAX_SIDE} a side"
                )
            parts.append(bytes(cells.shape) + cells.astype(np.uint8).tobytes())
        self._packed = (inputs, b"".join(parts))
        return self._packed[1]


def judge(report: Report, order: Order) -> Execution:
    """The execution that ``report`` amounts to, with an empty id; the frame in it is parsed here and nowhere else."""
    nothing = (None,) * order.inputs
    status, error = Status.CRASH, ""
    match report.ending:
        case Ending.FRAME:
            try:
                outcome = frame.parse(report.frame, order.inputs)
                return Execution("", outcome.status, outcome.outputs, outcome.error, report.cpu, report.wall)
            except frame.FrameError as failure:
                status, error = Status.PROTOCOL_ERROR, str(failure)
        case Ending.CPU:
            status, error = Status.TIMEOUT, f"stopped at {order.cpu:g} s of CPU time"
        case Ending.WALL:
            status = Status.TIMEOUT
            error = f"stopped after {report.wall:.1f} s (limit {order.wall:g}), {report.cpu:.2g} s of them computing"
        case Ending.SIGNAL if report.detail == signal.SIGXCPU:
            status, error = Status.TIMEOUT, "stopped by the kernel's limit on CPU time"
        case Ending.SIGNAL:
            error = f"died of {signal.Signals(report.detail).name}"
            if report.detail == signal.SIGKILL:
                error = f"killed from outside {KILLS} times; the machine may be out of memory"
        case Ending.EXIT:
            error = f"ended without an outcome (exit code {report.detail})"
        case Ending.OVERSIZE:
            status, error = Status.PROTOCOL_ERROR, f"announced a frame of {report.detail} bytes"
        case Ending.LOST:
            error = "killed from outside, with its worker, again and again; the machine may be out of memory"
    return Execution("", status, nothing, error, report.cpu, report.wall)


def _encoded(source: str) -> bytes:
    """A source as it travels; without the mark that a file may begin with, which Python takes in files only."""
    return source.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
