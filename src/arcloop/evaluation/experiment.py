"""What is tried against what, to see whether learning helps: arms → configurations of runs.

Every arm of a set samples equally many programs for the same tasks and under the same seeds; it
differs from the arm that it is compared with in one thing. No task is given up early, so that
budgets are equal to the program.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from arcloop.config import AugmentConfig, Config, StoppingConfig, TrainingConfig, with_recipe
from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.measurement import Measured
from arcloop.evaluation.power import Population
from arcloop.tasks.pictures import NAMED
from arcloop.tasks.sets import load_tasks

__all__ = ["LEARNING", "QUESTIONS", "Arm", "TaskSet", "drawn", "population", "task_sets"]


@dataclass(frozen=True)
class Arm:
    """One way to spend the programs."""

    name: str
    rounds: int
    """Search rounds; learning comes between them."""
    change: Callable[[Config], Config] = lambda config: config
    """What else is different."""

    @property
    def folder(self) -> str:
        """The name as a part of a path."""
        return self.name.replace(" ", "-")

    def config(self, base: Config, programs: int, seed: int) -> Config:
        """The configuration of one run, in which each task has ``programs`` in all.

        Raises:
            ConfigError: they cannot be spread evenly over the rounds.
        """
        if programs % self.rounds:
            raise ConfigError(
                f"{programs} programs over the {self.rounds} rounds of {self.name!r}; expected a multiple of 8 — change it"
            )
        return self.change(replace(base, rounds=self.rounds, programs=programs // self.rounds, seed=seed))


LEARNING = (
    Arm("search only", 1),
    Arm("1 learning round", 2),
    Arm("3 learning rounds", 4),
    Arm("7 learning rounds", 8),
)
"""The proof: each is compared with the first."""

NONE = with_recipe(Config(""), "no-augmentation").augment
"""Tasks as they are."""

QUESTIONS = (
    LEARNING[2],
    Arm("restart the other way", 4, lambda c: replace(c, restart=not c.restart)),
    Arm("without solved tasks", 4, lambda c: replace(c, selection=replace(c.selection, solved_tasks=False))),
    Arm("augmentation the other way", 4, lambda c: replace(c, augment=AugmentConfig() if c.augment == NONE else NONE)),
)
"""Open questions: each is the first of these with one thing changed."""


@dataclass(frozen=True)
class TaskSet:
    """Tasks on which all arms are tried."""

    name: str
    base: Config
    """What all arms have in common; rounds, programs and seed are theirs."""
    programs: int
    """Per task, in all."""

    def runs(self, arms: Sequence[Arm], seeds: Sequence[int]) -> Iterator[tuple[Arm, int, Config]]:
        """Every run: seed after seed, so that what is stopped early has all arms under the first seeds."""
        for seed in seeds:
            for arm in arms:
                yield arm, seed, arm.config(self.base, self.programs, seed)


_GENERATED = (5, 8, 12)
"""Numbers of elements of the generated drawing tasks that are tried beside the named ones."""


def task_sets(names: Sequence[str], tasks: int, programs: int, drawing_programs: int, model: str) -> list[TaskSet]:
    """The task sets by name, in the order of the names.

    All tasks of a set share an adapter: one that goes on from round to round for drawings, one that begins anew for ARC.

    Raises:
        TaskError: a task set cannot be read.
    """
    sets = []
    for name in names:
        base = Config(name, model=model, stopping=StoppingConfig(perfect=0))
        if name == "drawing":
            ids = (*NAMED, *(f"drawing-random-{count:02}" for count in _GENERATED))
            base = replace(with_recipe(base, "drawing"), task_ids=ids)
            sets.append(TaskSet(name, base, drawing_programs))
        else:
            ids = drawn([task.id for task in load_tasks(name)], tasks)
            # A second pass over the examples would take longer than the search that they come from.
            base = replace(base, task_ids=ids, group_size=0, training=TrainingConfig(epochs=1))
            sets.append(TaskSet(name, base, programs))
    return sets


def drawn(ids: Sequence[str], count: int, seed: int = 0) -> tuple[str, ...]:
    """``count`` of the task ids (all, if there are no more), drawn once by seed, in their own order."""
    kept = set(random.Random(f"effect {seed}").sample(list(ids), min(count, len(ids))))
    return tuple(task_id for task_id in ids if task_id in kept)


def population(runs: Sequence[Measured]) -> Population:
    """The tasks of earlier runs of one setting, by how often their programs are right on train and test pairs.

    Raises:
        RunError: no answers are known, or no program is right.
    """
    counts: dict[str, tuple[int, int]] = {}
    for run in runs:
        for task_id, outcome in run.numbers.items():
            if outcome.perfect is not None:
                n, right = counts.get(task_id, (0, 0))
                counts[task_id] = n + outcome.programs, right + outcome.perfect
    try:
        return Population.of(list(counts.values()))
    except ValueError:
        raise RunError(
            f"{', '.join(run.path for run in runs)}: no program is known to be right on train and test pairs; expected a run "
            "that solves some of its tasks, whose answers are known — name another, or one with more programs"
        ) from None
