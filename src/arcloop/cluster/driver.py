"""A run, worked on by a crew: hands out its groups, takes in what comes back, and keeps its submission.

Does no work of a group itself, and holds nothing of what it found but its part of the submission. Whatever becomes of a
worker, the run goes on; whatever becomes of the driver, what is stored is gone on from.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from arcloop.cluster.actor import Assignment, Ended, News
from arcloop.cluster.agenda import Agenda, Failure
from arcloop.cluster.parcel import Parcel, pack, unpack
from arcloop.errors import ClusterError, RunError
from arcloop.files import UnreadableError, parse_json
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.search.budget import DeadlineError
from arcloop.submission.kaggle import Submission, merged, validate

__all__ = ["FAILURES", "Crew", "Driver", "Lost"]

FAILURES = "failures.json"
"""The file of a run that says which groups were given up, and why; there is none where none was."""
_BEAT = 1.0
"""Seconds to wait for news, at the most."""
_EXCUSED = 5
"""Workers that a node may lose to a lack of memory while they load the model, before that counts against the node."""
_WRITTEN_EVERY = 2.0
"""Seconds between two writings of the submission."""
_LET_STOP = 180.0
"""Seconds for all workers to store what they have when time is over; an optimizer step of a large model takes a minute."""


@dataclass(frozen=True)
class Lost:
    """A worker is gone."""

    reason: str
    node: str
    """The node that it was on."""
    excused: bool = False
    """Was it ended because the node's memory was full, by whomever?"""


class Crew(Protocol):
    """Workers, wherever they are."""

    def hear(self, seconds: float, wanted: int) -> Sequence[tuple[int, News | Lost]]:
        """What workers say, by their numbers, after so many seconds at the most; ``wanted``: how many are of use.

        Raises:
            ClusterError: there is none, and there will be none.
        """
        ...

    def work(self, worker: int, assignment: Assignment) -> None:
        """Have a worker work on a group."""
        ...

    def dismiss(self, worker: int, reason: str | None = None) -> None:
        """Let a worker go; with a ``reason`` it was unfit."""
        ...

    def stop(self) -> None:
        """Have all store what they have, and come to an end."""
        ...

    def alive(self, node: str) -> bool:
        """Is a node there?"""
        ...


@dataclass
class _Worker:
    """What is known of a worker."""

    ready: bool = False
    here: bool = True
    group: int | None = None


@dataclass
class _Counted:
    """What a group has come to."""

    count: int = 0
    found: int = 0
    solved: int = 0


class Driver:
    """One call's work on a run."""

    def __init__(
        self,
        run: RunDir,
        crew: Crew,
        weights: Mapping[int, float],
        progress: Progress,
        tell: Callable[[str], None],
        deadline: float | None = None,
    ) -> None:
        """``weights``: group that is not done → how long it takes, in any unit. ``deadline``: seconds since 1970."""
        self._run = run
        self._crew = crew
        self._progress = progress
        self._tell = tell
        self._deadline = deadline
        self._groups = run.groups()
        self._agenda = Agenda(weights)
        self._workers: dict[int, _Worker] = {}
        self._counted: dict[int, _Counted] = {}
        self._said: set[str] = set()
        self._best = _Best(run)
        self._excused: Counter[str | None] = Counter()
        """Node → workers that it could not hold while they loaded the model."""

    def search_and_learn(self) -> None:
        """Have all groups worked on.

        Raises:
            DeadlineError: the deadline came first; what was found until then is stored.
            ClusterError: nobody can work.
        """
        agenda, late = self._agenda, False
        self._begin()
        try:
            while agenda.open and not late:
                self._hear()
                late = self._deadline is not None and time.time() >= self._deadline
                if not late:
                    self._assign()
        finally:
            self._wind_down()
        if late and agenda.open:
            raise DeadlineError

    def _begin(self) -> None:
        (self._run.path / FAILURES).unlink(missing_ok=True)
        self._progress.stage("searching and learning")
        config = self._run.config()
        for index, tasks in enumerate(self._groups):
            if index not in self._agenda.weights:
                self._progress.advance(len(tasks) * config.programs * config.rounds, found=True)
        self._show()

    def _hear(self) -> None:
        wanted = self._agenda.waiting + len(self._agenda.under_way)
        for number, said in self._crew.hear(_BEAT, wanted):
            if isinstance(said, Lost):
                self._lost(number, said)
            else:
                self._heard(number, said)
        self._best.write()

    def _heard(self, number: int, news: News) -> None:
        worker = self._workers.setdefault(number, _Worker())
        if news.state == "unfit":
            del self._workers[number]
            self._once(f"cluster: a worker could not start: {news.reason}")
            self._crew.dismiss(number, news.reason)
            return
        if news.state == "ready" and not worker.ready:
            worker.ready, worker.here = True, news.here
            self._once(f"sandbox: {news.protection} protection")
            if news.devices > 1:
                self._once(f"cluster: fewer groups than devices, so each learns on {news.devices}")
            if not news.here:
                self._once(f"cluster: {self._run.path} is not to be seen from every machine; its files are sent back")
        index = worker.group
        if index is None:
            return
        if news.parcel:
            unpack(news.parcel, self._run.path, index)
        self._count(index, news)
        if news.submission:
            self._best.take(news.submission, self._groups[index])
        if news.ended is not None:
            worker.group = None
            self._ended(number, news.ended)
        self._show()

    def _ended(self, number: int, ended: Ended) -> None:
        if ended.outcome == "done":
            self._agenda.finish(ended.index)
        elif ended.outcome == "stopped":
            self._agenda.put_back(ended.index)
        else:
            # Whatever it was, a process in which something went wrong is not to be trusted with another group.
            del self._workers[number]
            self._crew.dismiss(number)
            self._failed(ended.index, Failure(ended.reason, ended.trace))

    def _lost(self, number: int, lost: Lost) -> None:
        worker = self._workers.pop(number, _Worker())
        # What a node cannot hold is no worker's fault, but a node that cannot even load the model is of no use.
        self._excused[lost.node] += lost.excused and not worker.ready
        excused = lost.excused and self._excused[lost.node] < _EXCUSED
        self._crew.dismiss(number, None if worker.ready or excused else lost.reason)
        if worker.group is None:
            self._once(f"cluster: a worker is gone: {lost.reason}")
        else:
            self._failed(worker.group, Failure(lost.reason, node=lost.node, excused=lost.excused))
        self._show()

    def _failed(self, index: int, failure: Failure) -> None:
        given_up = self._agenda.fail(index, failure, self._crew.alive)
        after = "is given up" if given_up else "goes to another worker"
        self._tell(f"cluster: {_name(index)} {after}: {failure.reason}")

    def _assign(self) -> None:
        for number, worker in self._workers.items():
            if worker.ready and worker.group is None and (index := self._agenda.take()) is not None:
                worker.group = index
                stored: Parcel = {} if worker.here else pack(self._run, index)
                left = None if self._deadline is None else self._deadline - time.time()
                self._crew.work(number, Assignment(index, stored, left))

    def _wind_down(self) -> None:
        """Have what is under way stored, take it in, and say what was given up."""
        end = time.monotonic() + _LET_STOP
        if self._agenda.under_way:
            self._progress.stage("storing what was found")
            self._crew.stop()
            while self._agenda.under_way and time.monotonic() < end:
                self._hear()
        self._best.write(at_once=True)
        if given_up := self._agenda.given_up:
            content = {
                _name(index): {
                    "tasks": [task.id for task in self._groups[index]],
                    "reason": given_up[index].reason,
                    "traceback": given_up[index].trace.splitlines(),
                }
                for index in sorted(given_up)
            }
            path = self._run.write(FAILURES, json.dumps(content, indent=1) + "\n")
            self._tell(
                f"cluster: {len(given_up)} of {len(self._groups)} groups failed and were given up: {path} says why; "
                f"arcloop resume {self._run.path} tries them again"
            )

    def _count(self, index: int, news: News) -> None:
        before = self._counted.get(index, _Counted())
        self._progress.advance(news.found - before.found, found=True)
        self._progress.advance((news.count - news.found) - (before.count - before.found))
        self._counted[index] = _Counted(news.count, news.found, news.solved)

    def _show(self) -> None:
        groups = len(self._groups)
        done = groups - len(self._agenda.weights) + len(self._agenda.done)
        self._progress.fact("groups", f"{done}/{groups}")
        self._progress.fact("solved", f"{sum(one.solved for one in self._counted.values())} tasks")
        self._progress.fact("workers", sum(worker.ready for worker in self._workers.values()))

    def _once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._tell(line)


class _Best:
    """The submission of the best so far, put together from those of the groups."""

    def __init__(self, run: RunDir) -> None:
        self._run = run
        self._content = self._stored()
        self._changed = False
        self._due = 0.0

    def take(self, text: str, tasks: Sequence[Task]) -> None:
        """A group's part."""
        try:
            part = parse_json(text)
        except UnreadableError as error:
            raise ClusterError(
                f"a worker's submission: {error}; expected JSON — use the same arcloop everywhere"
            ) from None
        # Those of which the worker has counted something.
        found = [task for task in tasks if isinstance(part, dict) and task.id in part]
        valid = validate(part, found, "a worker's submission")
        self._content |= {task.id: valid[task.id] for task in found}
        self._changed = True

    def write(self, *, at_once: bool = False) -> None:
        """Write it, if it has changed and was not just written."""
        if self._changed and (at_once or time.monotonic() >= self._due):
            self._run.write("submission.json", json.dumps(self._content) + "\n")
            self._changed = False
            self._due = time.monotonic() + _WRITTEN_EVERY

    def _stored(self) -> Submission:
        """What an earlier call has written; what of it is damaged is replaced by simple grids."""
        tasks = self._run.tasks()
        try:
            there = self._run.read("submission.json")
        except RunError:
            there = None
        return validate(json.loads(merged(there, {}, tasks, self._run.unasked())), tasks)


def _name(index: int) -> str:
    return f"group_{index:03}"
