"""Run directory → all that a page says of the run. Reads only; one round of one group is in memory at a time.

Works at any time of a run: what is not searched yet is not there.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from arcloop.config import Config
from arcloop.errors import RunError
from arcloop.evaluation.outcome import judged, known_answers
from arcloop.files import parse_json
from arcloop.records import Answers, Candidate, Status, Task
from arcloop.report.story import Story, Told, kind_of_error
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.numbers import Curve, RunNumbers, TaskOutcome
from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import Submission

__all__ = ["Chapter", "Failures", "TaskChapter", "chapter"]

_POINTS = 160
"""A curve of more points looks no different."""

_LOSSES = 2000
"""Steps of the losses, over all rounds, that are drawn."""

_PAUSES = (0.5, 2.0)
"""Seconds until a run under way is read again, whose files did not belong together."""

_KINDS = 400
"""Kinds of errors that are told apart in a run; the names are the programs' own."""


@dataclass(frozen=True)
class TaskChapter:
    """One task in one run."""

    story: Story
    outcome: TaskOutcome
    attempts: list[dict[str, list[list[int]]]]
    """For each test input, as the submission has them."""
    trained: frozenset[str]
    """Ids of the completions that were learned from."""

    @property
    def solved(self) -> bool | None:
        """Is every test grid hit? None where the answers are not known."""
        return None if self.outcome.hits is None else all(self.outcome.hits)

    @property
    def state(self) -> str:
        """``solved``: as far as is known; ``nearly``: right on half of the train pairs, or on 9 of 10 cells; else ``not``."""
        best = self.story.best
        if self.solved or (self.solved is None and self.outcome.train_perfect):
            return "solved"
        if best and (2 * sum(best.correct) >= len(best.correct) or best.pixels >= 0.9):
            return "nearly"
        return "not"


@dataclass(frozen=True)
class Failures:
    """Programs that ended in one way."""

    status: str
    kind: str
    """Name of the exception; empty where there is none."""
    count: int
    example: tuple[str, Told] | None
    """Task id, and a program; None where there is none to show."""


@dataclass(frozen=True)
class Chapter:
    """A run."""

    name: str
    path: Path
    config: Config
    finished: bool
    numbers: RunNumbers
    tasks: Mapping[str, tuple[Task, TaskChapter]]
    failures: tuple[Failures, ...]
    """The most frequent first."""
    losses: tuple[tuple[int, float, float], ...]
    """Round, number of the step in the run, loss; averaged over groups, and over steps where there are very many."""
    answers: Answers

    @property
    def found_in(self) -> list[int]:
        """For each round, tasks for which it brought the first program that is right on all train pairs."""
        found = Counter(told.story.found for _, told in self.tasks.values())
        return [found[round_] for round_ in range(len(self.numbers.rounds))]


def chapter(
    run: RunDir,
    name: str,
    answers: Answers,
    on_group: Callable[[], None] = lambda: None,
    numbers: RunNumbers | None = None,
) -> Chapter:
    """All that there is to say of a run; of one that goes on meanwhile, what it had stored at some moment.

    Args:
        run: Its folder.
        name: What the page calls it.
        answers: Task id → test outputs, where they are known; shown beside the attempts.
        on_group: Is called after each group of tasks.
        numbers: Its numbers, if they were counted just now; else those of ``metrics.json`` where it counts all that is
            there, or they are counted now.

    Raises:
        RunError: a file of the run cannot be read.
    """
    for pause in (*_PAUSES, None):
        try:
            return _chapter(run, name, answers, on_group, numbers)
        except RunError:
            # A search under way is stored anew now and then, file after file.
            if pause is None or run.finished:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def _chapter(
    run: RunDir, name: str, answers: Answers, on_group: Callable[[], None], numbers: RunNumbers | None
) -> Chapter:
    submission: Submission
    if numbers is None and not _fresh(run):
        numbers, text = judged(run, answers)
        submission = parse_json(text)
    else:
        numbers = numbers or run.numbers()
        submission = run.read("submission.json")
    told: dict[str, tuple[Task, TaskChapter]] = {}
    kinds: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[str, Told]] = {}
    for index, tasks in enumerate(run.groups()):
        stories = {task.id: Story(task, run.config().rounds) for task in tasks}
        learned: set[str] = set()
        for round_, group in run.searched_groups(index):
            found: dict[str, list[Candidate]] = {task.id: [] for task in tasks}
            for candidate in group.candidates():
                found[candidate.program.task_id].append(candidate)
                _count(kinds, candidate)
            learned |= _learned(group)
            for task in tasks:
                stories[task.id].add(round_, found[task.id])
        for task in tasks:
            for program in stories[task.id].programs():
                examples.setdefault((program.status, kind_of_error(program.status, program.error)), (task.id, program))
            trained = frozenset(i for i in learned if f"/{task.id}/" in i)
            told[task.id] = task, TaskChapter(stories[task.id], numbers.tasks[task.id], submission[task.id], trained)
        on_group()
    failures = tuple(
        Failures(status, kind, count, examples.get((status, kind))) for (status, kind), count in kinds.most_common()
    )
    known = known_answers(run.tasks(), answers)
    return Chapter(name, run.path, run.config(), run.finished, numbers, told, failures, _losses(run), known)


def points(curve: Curve) -> list[tuple[int, float, float, float]]:
    """k, value, and the ends of the interval: dense where a logarithmic axis is, which is at small k."""
    longest = len(curve.value)
    shown = sorted({round(longest ** (i / _POINTS)) for i in range(_POINTS + 1)}) if longest else []
    return [(k, curve.value[k - 1], curve.low[k - 1], curve.high[k - 1]) for k in shown]


def _fresh(run: RunDir) -> bool:
    """Does ``metrics.json`` count all that is there? A search under way is in no file that says so."""
    if not run.finished or not (run.path / "metrics.json").is_file():
        return False
    done = sum(1 for index in range(len(run.groups())) for _ in run.done_groups(index))
    return run.numbers().groups_done == done


def _count(kinds: Counter[tuple[str, str]], candidate: Candidate) -> None:
    status = candidate.execution.status.value
    kind = kind_of_error(status, candidate.execution.error)
    if (status, kind) not in kinds and len(kinds) >= _KINDS:
        kind = ""
    if status != Status.OK.value:
        kinds[status, kind] += 1


def _learned(group: GroupDir) -> set[str]:
    """Ids of the completions that examples were made of."""
    if not group.done or group.numbers().learning is None:
        return set()
    try:
        return {example.id.partition("@")[0].partition("/u")[0] for example in group.examples()}
    except RunError:
        # A run that is made of parts of others may lack them; nothing but a mark depends on it.
        return set()


def _losses(run: RunDir) -> tuple[tuple[int, float, float], ...]:
    losses: list[tuple[int, float]] = []
    for round_ in range(run.config().rounds):
        groups = [run.group(round_, index) for index in range(len(run.groups()))]
        learned = [group.numbers().learning for group in groups if group.done]
        curves = [learning.losses for learning in learned if learning]
        steps = max((len(curve) for curve in curves), default=0)
        losses += [(round_, float(np.mean([c[step] for c in curves if len(c) > step]))) for step in range(steps)]
    size = -(-len(losses) // _LOSSES)
    blocks: list[tuple[int, float, float]] = []
    numbered = [(round_, step, loss) for step, (round_, loss) in enumerate(losses, 1)]
    for (round_, _), block in groupby(numbered, key=lambda one: (one[0], one[1] // max(1, size))):
        some: Sequence[Any] = list(block)
        blocks.append((round_, some[-1][1], float(np.mean([loss for _, _, loss in some]))))
    return tuple(blocks)
