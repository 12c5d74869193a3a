"""Candidates + answers → the table of numbers that this line of work reports. Pure.

    programs           completions sampled
    valid code         share of them with a program that compiles
    valid outputs      share of all asked output grids that some program gave as a valid grid
    unique outputs     share of different output tuples among the programs of a task that gave all grids
    pixel similarity   mean share of right cells over the train pairs of all completions
    correct grids      share of exactly right train grids over all completions
    train pass rate    share of completions right on all train pairs
    train pass@n       share of tasks with such a completion
    pass rate          share of completions right on all train and test pairs
    pass@n             share of tasks with such a completion
    solved@2           share of test grids that one of the two attempts hits (Kaggle's score)

A completion without a program counts as wrong everywhere; a task without answers counts in no
number that needs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from arcloop.evaluation.estimates import bootstrap, pass_curves
from arcloop.records import Candidate, Grid, Status, Task
from arcloop.runs.numbers import Curve, Curves, Numbers
from arcloop.scoring import effect
from arcloop.tasks.augment import original_outputs

__all__ = ["TaskNumbers", "curves", "solved_interval", "summarize", "task_numbers"]


_NO_CODE = (Status.SYNTAX_ERROR, Status.NO_ENTRY, Status.REFUSED)
"""How programs end that cannot be called at all."""


@dataclass(frozen=True)
class TaskNumbers:
    """One task's counts over some rounds."""

    task_id: str
    completions: int
    """Completions sampled."""
    tokens: int
    """Tokens of these."""
    compiled: int
    """Programs among them that compile."""
    grids: int
    """Output grids asked for: completions × inputs."""
    valid_grids: int
    """Output grids that came."""
    complete: int
    """Programs that gave every grid."""
    effects: frozenset[bytes]
    """Digests of the different output tuples among those."""
    pixels: float
    """Sum over completions of the mean share of right train cells."""
    train_grids: int
    """Train output grids asked for."""
    correct_grids: int
    """Of those, exactly right."""
    train_perfect: int
    """Completions right on all train pairs."""
    perfect: int | None
    """Of those, right on all test pairs too; None where the answers are not known."""
    first_train_perfect: int | None = None
    """After how many completions there was one right on all train pairs; None = there is none."""
    first_perfect: int | None = None
    """The same for one right on all test pairs too; None also where the answers are not known."""

    def __add__(self, other: "TaskNumbers") -> "TaskNumbers":
        """Counts of two rounds of the same task together, ``other`` being the later one."""

        def first(here: int | None, there: int | None) -> int | None:
            return here if here is not None or there is None else self.completions + there

        known = self.perfect is not None and other.perfect is not None
        return TaskNumbers(
            task_id=self.task_id,
            completions=self.completions + other.completions,
            tokens=self.tokens + other.tokens,
            compiled=self.compiled + other.compiled,
            grids=self.grids + other.grids,
            valid_grids=self.valid_grids + other.valid_grids,
            complete=self.complete + other.complete,
            effects=self.effects | other.effects,
            pixels=self.pixels + other.pixels,
            train_grids=self.train_grids + other.train_grids,
            correct_grids=self.correct_grids + other.correct_grids,
            train_perfect=self.train_perfect + other.train_perfect,
            perfect=(self.perfect or 0) + (other.perfect or 0) if known else None,
            first_train_perfect=first(self.first_train_perfect, other.first_train_perfect),
            first_perfect=first(self.first_perfect, other.first_perfect),
        )


def task_numbers(
    task: Task,
    completions: Sequence[str],
    candidates: Sequence[Candidate],
    answer: Sequence[Grid] | None,
    tokens: int = 0,
) -> TaskNumbers:
    """Count one task's candidates of one round; ``answer`` is the task's test outputs, in the task's own frame.

    ``completions``: the ids of those that were sampled for it, whose order is that of the draws; ``tokens``: their tokens.
    """
    place = {completion_id: number for number, completion_id in enumerate(sorted(completions), 1)}
    inputs = len(task.inputs)
    complete = [c for c in candidates if c.execution.status is Status.OK]
    perfect = [c for c in candidates if c.score.perfect]
    right = [] if answer is None else [c for c in perfect if _hits_tests(c, task, answer)]
    return TaskNumbers(
        task_id=task.id,
        completions=len(completions),
        tokens=tokens,
        compiled=sum(c.execution.status not in _NO_CODE for c in candidates),
        grids=len(completions) * inputs,
        valid_grids=sum(grid is not None for c in candidates for grid in c.execution.outputs),
        complete=len(complete),
        effects=frozenset(effect(c, task) for c in complete),
        pixels=sum(c.score.pixels for c in candidates),
        train_grids=len(completions) * len(task.train),
        correct_grids=sum(sum(c.score.correct) for c in candidates),
        train_perfect=len(perfect),
        perfect=None if answer is None else len(right),
        first_train_perfect=min((place[c.program.completion_id] for c in perfect), default=None),
        first_perfect=min((place[c.program.completion_id] for c in right), default=None),
    )


def summarize(numbers: Sequence[TaskNumbers], hits: Mapping[str, Sequence[bool]] | None = None) -> Numbers:
    """The table's row over tasks; ``hits``: what ``submission.hits`` says of the submission made from these rounds."""
    total = sum(n.completions for n in numbers)
    known = [n for n in numbers if n.perfect is not None]
    known_total = sum(n.completions for n in known)
    return Numbers(
        programs=total,
        valid_code=_share(sum(n.compiled for n in numbers), total),
        valid_outputs=_share(sum(n.valid_grids for n in numbers), sum(n.grids for n in numbers)),
        unique_outputs=_share(sum(len(n.effects) for n in numbers), sum(n.complete for n in numbers)),
        pixel_similarity=_share(sum(n.pixels for n in numbers), total),
        correct_grids=_share(sum(n.correct_grids for n in numbers), sum(n.train_grids for n in numbers)),
        train_pass_rate=_share(sum(n.train_perfect for n in numbers), total),
        train_pass_at_n=_share(sum(n.train_perfect > 0 for n in numbers), len(numbers)),
        pass_rate=_share(sum(n.perfect or 0 for n in known), known_total) if known else None,
        pass_at_n=_share(sum(bool(n.perfect) for n in known), len(known)) if known else None,
        solved_at_2=_share(sum(map(sum, hits.values())), sum(map(len, hits.values()))) if hits else None,
    )


def curves(numbers: Sequence[TaskNumbers]) -> Curves:
    """The pass@k curves of some rounds, over their tasks.

    Raises:
        ValueError: there is no task.
    """
    known = [(n.completions, n.perfect) for n in numbers if n.perfect is not None]
    return Curves(_curve([(n.completions, n.train_perfect) for n in numbers]), _curve(known) if known else None)


def solved_interval(hits: Mapping[str, Sequence[bool]]) -> tuple[float, float]:
    """Ends of the 95 % interval of solved@2: drawn are tasks, each with all its test grids.

    Raises:
        ValueError: there is no task.
    """
    low, high = bootstrap([sum(h) for h in hits.values()], [len(h) for h in hits.values()])
    return float(low[0]), float(high[0])


def _curve(counts: Sequence[tuple[int, int]]) -> Curve:
    of_tasks = pass_curves(counts)
    lines = (of_tasks.mean(0), *bootstrap(of_tasks))
    value, low, high = (tuple(round(float(share), 6) for share in line) for line in lines)
    return Curve(value, low, high, every_task_to=min(n for n, _ in counts), tasks=len(counts))


def _share(part: float, whole: float) -> float:
    # Nothing asked for: a share of 0, because a table cell must not stop a run of unlucky tasks.
    return part / whole if whole else 0.0


def _hits_tests(candidate: Candidate, task: Task, answer: Sequence[Grid]) -> bool:
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))[len(task.train) :]
    return all(o is not None and np.array_equal(o, a) for o, a in zip(outputs, answer, strict=True))
