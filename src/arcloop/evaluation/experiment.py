"""A file of settings × seeds × task sets → configurations of runs: what is tried against what.

Every arm of a set samples equally many programs for the same tasks and under the same seeds; it is compared with the first
arm of its set. What differs is what the file says.
"""

import random
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from arcloop.config import Config, named_toml, shipped, with_recipe, with_settings
from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.measurement import Measured
from arcloop.evaluation.power import Population
from arcloop.tasks.sets import load_tasks

__all__ = ["Arm", "Changes", "Experiment", "TaskSet", "drawn", "experiment_names", "population", "read_experiment"]

_FOLDER = "experiments"
_SEE = "docs/experiments.md"
_GIVEN = ("tasks", "limit", "task_ids", "programs", "seed")
"""Settings that are not an arm's to choose."""


@dataclass(frozen=True)
class Arm:
    """One way to spend the programs."""

    name: str
    settings: Mapping[str, Any]
    """In what it differs from the others, by name, as TOML has them."""

    @property
    def folder(self) -> str:
        """The name as a part of a path."""
        return self.name.replace(" ", "-")


@dataclass(frozen=True)
class TaskSet:
    """Tasks on which all arms are tried."""

    name: str
    base: Config
    """What all arms have in common; rounds, programs and seed are theirs."""
    programs: int
    """Per task, in all."""
    arms: tuple[Arm, ...]
    """The first is what the others are compared with."""

    def config(self, arm: Arm, seed: int) -> Config:
        """The configuration of one run.

        Raises:
            ConfigError: a setting of the arm cannot be, or the programs cannot be spread evenly over its rounds.
        """
        config = with_settings(self.base, dict(arm.settings), f"arm {arm.name!r}", "change the experiment")
        if self.programs % config.rounds:
            raise ConfigError(
                f"{self.programs} programs over the {config.rounds} rounds of {arm.name!r}; expected a multiple of "
                f"{config.rounds} — change it"
            )
        return replace(config, programs=self.programs // config.rounds, seed=seed)

    def runs(self, seeds: Sequence[int]) -> Iterator[tuple[Arm, int, Config]]:
        """Every run: seed after seed, so that what is stopped early has all arms under the first seeds.

        Raises:
            ConfigError: as ``config``.
        """
        for seed in seeds:
            for arm in self.arms:
                yield arm, seed, self.config(arm, seed)


@dataclass(frozen=True)
class Experiment:
    """All that is tried."""

    name: str
    sets: tuple[TaskSet, ...]
    seeds: tuple[int, ...]
    """Every arm is run under each."""


@dataclass(frozen=True)
class Changes:
    """What is asked for beside an experiment's file, and wins; None = as the file has it."""

    sets: tuple[str, ...] = ()
    """These of its sets; all where nothing is said."""
    tasks: int | None = None
    """Tasks drawn from each set, always the same ones."""
    programs: int | None = None
    """Per task, in all."""
    seeds: tuple[int, ...] = ()
    model: str | None = None
    arms: tuple[str, ...] = ()
    """These of a set's arms, in this order; all where nothing is said."""


@dataclass(frozen=True)
class _Section:
    """Tables of the file, which say where they are when something in them is wrong."""

    where: str
    content: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        """Remove an entry and return it.

        Raises:
            ConfigError: it is of another kind.
        """
        value = self.content.pop(name, default)
        if value is not default and type(value) is not kind:
            raise ConfigError(f"{self.where}: {name} is {value!r:.60}; expected {_KINDS[kind]} — see {_SEE}")
        return value


_KINDS = {str: "a text in quotes", int: "a whole number", list: "a list", dict: "a table"}


def experiment_names() -> list[str]:
    """The experiments that ship with the package."""
    return shipped(_FOLDER)


def read_experiment(name: str, changes: Changes | None = None) -> Experiment:
    """The experiment of a TOML file: the name of one that ships with the package, or a path.

    Raises:
        ConfigError: there is no such file, or something in it, or in the changes, cannot be.
        TaskError: a task set cannot be read.
    """
    changes = changes or Changes()
    where = f"experiment {name}"
    expected = f"seeds, [sets.NAME] and [arms.NAME] — see {_SEE}"
    file = _Section(where, named_toml(name, _FOLDER, where, "experiment", expected))
    listed = tuple(file.take("seeds", list, [0]))
    seeds = changes.seeds or listed
    if not seeds or any(type(seed) is not int for seed in seeds) or len(set(seeds)) < len(seeds):
        raise ConfigError(
            f"{where}: seeds are {list(seeds)!r:.60}; expected different whole numbers, at least one — change them"
        )
    shared = file.take("base", dict, {})
    _not_there(f"{where}, base", shared, ("programs", "seed"))
    base = with_settings(Config(""), shared, f"{where}, base", "change the experiment")
    arms, sets = file.take("arms", dict, {}), file.take("sets", dict, {})
    if file.content or not sets:
        found = f"{', '.join(sorted(file.content))} in it" if file.content else "no [sets.NAME] in it"
        raise ConfigError(f"{where}: {found}; expected seeds, [base], [sets.NAME] and [arms.NAME] — see {_SEE}")
    if unknown := sorted(set(changes.sets) - set(sets)):
        raise ConfigError(f"{where}: no set {unknown[0]!r}; expected {', '.join(sets)} — change --sets")
    chosen = changes.sets or tuple(sets)
    made = tuple(_task_set(f"{where}, set {one!r}", one, sets[one], base, arms, changes) for one in chosen)
    stem = Path(name).stem
    if taken := {f"{stem}{end}" for end in (".md", ".json", "-tasks.parquet")} & set(chosen):
        raise ConfigError(f"{where}: set {taken.pop()!r}, as a file of results is named; expected another name")
    return Experiment(stem, made, tuple(seeds))


def _task_set(where: str, name: str, content: Any, base: Config, arms: Mapping[str, Any], changes: Changes) -> TaskSet:
    if type(content) is not dict:
        raise ConfigError(f"{where}: {content!r:.60}; expected a table with tasks and programs — see {_SEE}")
    table = _Section(where, dict(content))
    recipe, programs, draw = table.take("recipe", str), table.take("programs", int), table.take("draw", int)
    own = [_arm(where, *pair) for pair in (dict(arms) | table.take("arms", dict, {})).items()]
    if unknown := [arm for arm in changes.arms if arm not in {one.name for one in own}]:
        raise ConfigError(
            f"{where}: no arm {unknown[0]!r}; expected {', '.join(one.name for one in own)} — change --arms"
        )
    own = [one for arm in changes.arms for one in own if one.name == arm] or own
    programs, draw = changes.programs or programs, changes.tasks or draw
    if not programs or programs < 1 or (draw is not None and draw < 1) or "tasks" not in table.content:
        raise ConfigError(
            f'{where}: tasks or programs are missing; expected tasks = "arc1-eval" and programs = 128 — see {_SEE}'
        )
    if len(own) < 2 or len({arm.folder for arm in own}) < len(own):
        raise ConfigError(
            f"{where}: arms {[arm.name for arm in own]}; expected two or more with names of their own — see {_SEE}"
        )
    _not_there(where, table.content, ("seed",))
    base = with_recipe(base, recipe) if recipe else base
    base = with_settings(base, table.content, where, "change the experiment")
    base = base if changes.model is None else replace(base, model=changes.model)
    if draw is not None:
        tasks = load_tasks(base.tasks, base.limit, base.task_ids, base.skip_invalid)
        base = replace(base, limit=None, task_ids=drawn([task.id for task in tasks], draw))
    made = TaskSet(_named(where, name), base, programs, tuple(own))
    for arm in own:
        made.config(arm, 0)  # an error in one comes before anything is done
    return made


def _not_there(where: str, settings: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse settings that the experiment itself decides, here."""
    if given := [name for name in names if name in settings]:
        expected = {"seed": "seeds at the top of the file", "programs": "it in a set"}[given[0]]
        raise ConfigError(f"{where}: {given[0]} in it; expected {expected} — see {_SEE}")


def _arm(where: str, name: str, settings: Any) -> Arm:
    if type(settings) is not dict:
        raise ConfigError(f"{where}: arm {name!r:.60} is {settings!r:.60}; expected a table of settings — see {_SEE}")
    if given := sorted(settings.keys() & set(_GIVEN)):
        raise ConfigError(
            f"{where}: arm {name!r:.60} has {given[0]}; expected it of the set, for all its arms — see {_SEE}"
        )
    return Arm(_named(where, name), settings)


def _named(where: str, name: str) -> str:
    """The name, which is also a folder's."""
    if not re.fullmatch(r"\w[\w .,+=%×-]{0,79}", name):
        raise ConfigError(
            f"{where}: the name {name!r:.60}; expected up to 80 letters, digits, spaces and . , + = % - — change it"
        )
    return name


def drawn(ids: Sequence[str], count: int, seed: int = 0) -> tuple[str, ...]:
    """``count`` of the task ids (all, if there are no more), drawn once by seed, in their own order."""
    kept = set(random.Random(f"effect {seed}").sample(list(ids), min(count, len(ids))))
    return tuple(task_id for task_id in ids if task_id in kept)


def population(runs: Sequence[Measured], name: str = "", task_ids: Collection[str] = ()) -> Population:
    """The tasks of earlier runs of one setting, by how often their programs are right on train and test pairs.

    ``task_ids``: those of the task set ``name``. Only these are taken, if the runs have answers for each of them.

    Raises:
        RunError: no answers are known, or no program is right.
    """
    counts: dict[str, tuple[int, int]] = {}
    for run in runs:
        for task_id, outcome in run.numbers.items():
            if outcome.perfect is not None:
                n, right = counts.get(task_id, (0, 0))
                counts[task_id] = n + outcome.programs, right + outcome.perfect
    if task_ids and counts.keys() >= set(task_ids):
        counts = {task_id: counts[task_id] for task_id in task_ids}
    try:
        return Population.of(list(counts.values()))
    except ValueError:
        asked = f" of a task of {name!r}" if name else ""
        raise RunError(
            f"{', '.join(run.path for run in runs)}: no program is known to be right on train and test pairs{asked}; expected a "
            "run that solves some of its tasks, whose answers are known — name another, or one with more programs"
            + (", or other sets" if name else "")
        ) from None
