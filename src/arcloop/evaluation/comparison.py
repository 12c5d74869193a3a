"""Several runs → one table, and a word on each difference: real, or within noise. Pure.

A task's values are averaged over the runs of a setting before anything else. Settings are compared
with the first, on the tasks that all runs share, and a winner is named only where the budgets are
equal. Not covered: what is the same for a whole group of tasks, such as a lucky adapter, counts as
noise only when there are several seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcloop.errors import RunError
from arcloop.evaluation.estimates import LEVEL, Difference, bootstrap, holm, paired_difference, pass_at_k
from arcloop.evaluation.measurement import Measured, Setting
from arcloop.evaluation.power import detectable, equivalence
from arcloop.evaluation.seedwise import OverSeeds, corrected, over_seeds

__all__ = ["Comparison", "Contrast", "Row", "compare"]

_EQUAL_BUDGET = 0.02
_WORTH_SAYING = 0.1
_NEARNESS = "best pixel similarity"


@dataclass(frozen=True)
class Row:
    """A setting's numbers on the shared tasks, averaged over its runs."""

    name: str
    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    programs: float
    """Completions sampled."""
    tokens: float
    seconds: float
    """Over all tasks of the runs, shared or not."""
    valid_outputs: float
    unique_outputs: float
    reached: Mapping[str, tuple[float, float, float]]
    """Number → its value and the ends of its 95 % interval over tasks; without those that no answers are known for."""
    by_seed: Mapping[str, tuple[float, ...]]
    """Number → its value in each run."""
    found: tuple[float, ...]
    """Share of tasks with a right program among their first n, for n = 0, 1, …, in the order in which they were sampled."""


@dataclass(frozen=True)
class Contrast:
    """A setting against the first, in one number."""

    name: str
    first: str
    number: str
    difference: Difference
    p: float
    """p-value after Holm's correction for the number of settings that are compared with the first."""
    verdict: str
    """``better``, ``worse``, ``within noise`` or ``no winner called``."""
    detectable: float | None
    """The smallest effect that these tasks and seeds would have shown in 8 of 10 experiments (``power.detectable``), as a
    share; None = none at all."""
    equivalence: float
    """p-value of "there is no effect larger than one point" (``power.equivalence``), after Holm's correction."""
    over_seeds: OverSeeds | None
    """The same for these very tasks under other seeds, after the same correction; None = fewer than three seeds, or not the
    same in both."""

    @property
    def finding(self) -> str:
        """The verdict; within noise, also whether that is because there is no effect."""
        if self.verdict != "within noise":
            return self.verdict
        none = self.equivalence < 1 - LEVEL
        return f"within noise: {'no effect larger than 1 point' if none else 'cannot be told'}"

    @property
    def visible(self) -> str:
        """The smallest effect that could have been seen, in points."""
        return "–" if self.detectable is None else f"{100 * self.detectable:.1f}"


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` found."""

    tasks: tuple[str, ...]
    """The tasks that all runs share."""
    k: int | None
    """None where budgets are equal: settings are compared by all that they found, however they spread their programs.
    Else the k of pass@k: the most programs that every run has for some task."""
    rows: tuple[Row, ...]
    differing: Mapping[str, tuple[str, ...]]
    """Setting that differs → its value in each row; several where a row mixes them."""
    contrasts: tuple[Contrast, ...]
    remarks: tuple[str, ...]
    """Sentences on what to keep in mind."""


def compare(settings: Sequence[Setting]) -> Comparison:
    """The table of the settings on the tasks that all runs share, and each setting against the first.

    Raises:
        RunError: the runs share no task, or none that all of them sampled programs for.
    """
    runs = [run for setting in settings for run in setting.runs]
    tasks = [
        task_id
        for task_id, task in runs[0].tasks.items()
        # An id may stand for other grids in another set.
        if all(run.tasks.get(task_id) == task and task_id in run.numbers for run in runs)
    ]
    if not tasks:
        raise RunError(
            f"{', '.join(run.path for run in runs)}: no task in common; expected runs on one task set — check --tasks"
        )
    least = min(max(run.numbers[task_id].programs for task_id in tasks) for run in runs)
    if not least:
        raise RunError("a run has no programs for the shared tasks yet; expected some — arcloop resume it first")
    budgets = [_total(setting, tasks, "programs") for setting in settings]
    k = None if all(_alike(budgets[0], budget, _EQUAL_BUDGET) for budget in budgets) else least
    values = [_Values(setting, runs, tasks, k) for setting in settings]
    rows = tuple(value.row for value in values)
    contrasts = _contrasts(values)
    return Comparison(
        tuple(tasks), k, rows, _differing(settings), contrasts, tuple(_remarks(settings, rows, len(tasks)))
    )


@dataclass(frozen=True)
class _Values:
    """A setting's values of each shared task, in the order of the tasks."""

    setting: Setting
    all_runs: Sequence[Measured]
    tasks: Sequence[str]
    k: int | None

    @cached_property
    def per_run(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Number → values (runs, tasks) and sizes (tasks,), over the tasks for which all runs know it."""
        found = {}
        judged = [t for t in self.tasks if all(run.numbers[t].perfect is not None for run in self.all_runs)]
        answered = [t for t in self.tasks if all(run.numbers[t].hits is not None for run in self.all_runs)]
        if judged:
            found[f"pass@{self.k or 'n'}"] = self._passes("perfect", judged, self.k)
        if answered:
            hits = [[sum(run.numbers[t].hits or ()) for t in answered] for run in self.setting.runs]
            sizes = [len(self.setting.runs[0].numbers[t].hits or ()) for t in answered]
            found["solved@2"] = np.array(hits, dtype=np.float64), np.array(sizes, dtype=np.float64)
        found[f"train pass@{self.k or 'n'}"] = self._passes("train_perfect", self.tasks, self.k)
        if judged and (few := self._few):
            found[f"pass@{few}"] = self._passes("perfect", judged, few)
        if self.k is None:
            # Of a run with more programs, the best of so few is not known.
            best = [[run.numbers[t].best for t in self.tasks] for run in self.setting.runs]
            pixels = np.array([[program.pixels if program else 0.0 for program in run] for run in best])
            grids = np.array([[float(program is not None and any(program.correct)) for program in run] for run in best])
            found["a right train grid"] = grids, np.ones(len(self.tasks))
            found[_NEARNESS] = pixels, np.ones(len(self.tasks))
        return found

    @property
    def _few(self) -> int | None:
        """A quarter of the programs, if all tasks have equally many in all runs: else pass@k is not free of bias."""
        programs = {run.numbers[t].programs for run in self.all_runs for t in self.tasks}
        return max(programs) // 4 or None if len(programs) == 1 else None

    def _passes(self, key: str, tasks: Sequence[str], k: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        at_k = [
            [_at(run.numbers[t].programs, getattr(run.numbers[t], key), k) for t in tasks] for run in self.setting.runs
        ]
        return np.array(at_k), np.ones(len(tasks))

    @cached_property
    def row(self) -> Row:
        runs = self.setting.runs

        reached, by_seed = {}, {}
        for name, (values, sizes) in self.per_run.items():
            (low,), (high,) = bootstrap(values.mean(0), sizes)
            by_seed[name] = tuple(float(run.sum() / sizes.sum()) for run in values)
            reached[name] = (float(values.mean(0).sum() / sizes.sum()), float(low), float(high))
        return Row(
            name=self.setting.name,
            runs=tuple(run.path for run in runs),
            seeds=tuple(run.seed for run in runs),
            programs=_total(self.setting, self.tasks, "programs"),
            tokens=_total(self.setting, self.tasks, "tokens"),
            seconds=sum(run.seconds for run in runs) / len(runs),
            valid_outputs=_total(self.setting, self.tasks, "valid_grids")
            / (_total(self.setting, self.tasks, "grids") or 1),
            unique_outputs=_total(self.setting, self.tasks, "unique")
            / (_total(self.setting, self.tasks, "complete") or 1),
            reached=reached,
            by_seed=by_seed,
            found=self._found(),
        )

    def _found(self) -> tuple[float, ...]:
        """Right on the tests too where all answers are known, else on the train pairs."""
        known = all(run.numbers[t].hits is not None for run in self.all_runs for t in self.tasks)
        counts = [run.numbers[t] for run in self.setting.runs for t in self.tasks]
        firsts = [count.first_perfect if known else count.first_train_perfect for count in counts]
        most = max(count.programs for count in counts)
        after = np.bincount([first for first in firsts if first is not None], minlength=most + 1).cumsum()
        return tuple(round(float(share), 6) for share in after / len(firsts))


def _at(n: int, correct: int, k: int | None) -> float:
    """pass@k of one task; one with fewer programs counts with all it has, as in ``estimates.pass_curves``."""
    return float(correct > 0) if k is None or k > n else pass_at_k(n, correct, k)


def _total(setting: Setting, tasks: Sequence[str], name: str) -> float:
    """Sum over the tasks, mean over the runs."""
    return float(sum(getattr(run.numbers[t], name) for run in setting.runs for t in tasks) / len(setting.runs))


def _contrasts(values: Sequence[_Values]) -> tuple[Contrast, ...]:
    first, *others = values
    made = []
    for number, (before, sizes) in first.per_run.items():
        gains = [other.per_run[number][0].mean(0) - before.mean(0) for other in others]
        differences = [paired_difference(np.zeros(len(gain)), gain, sizes) for gain in gains]
        p_values = holm([difference.p for difference in differences])
        none = holm([equivalence(gain, sizes) for gain in gains])
        seedwise = corrected([_over_seeds(first, other, number) for other in others])
        for other, gain, difference, p, equal, again in zip(
            others, gains, differences, p_values, none, seedwise, strict=True
        ):
            if not _alike(first.row.programs, other.row.programs, _EQUAL_BUDGET):
                verdict = "no winner called"
            elif p < 1 - LEVEL:
                verdict = "better" if difference.value > 0 else "worse"
            else:
                verdict = "within noise"
            # At the level that Holm's correction asks of the first of them.
            least = detectable(gain, sizes, (1 - LEVEL) / len(others), whole=number != _NEARNESS)
            names = other.setting.name, first.setting.name
            made.append(Contrast(*names, number, difference, p, verdict, least, equal, again))
    return tuple(sorted(made, key=lambda c: [v.setting.name for v in others].index(c.name)))


def _over_seeds(first: _Values, other: _Values, number: str) -> OverSeeds | None:
    """None also where budgets differ, as there is no winner then, or a setting has a seed twice."""
    if sorted(first.row.seeds) != sorted(other.row.seeds) or len(set(first.row.seeds)) < len(first.row.seeds):
        return None
    if not _alike(first.row.programs, other.row.programs, _EQUAL_BUDGET):
        return None
    before, after = (dict(zip(v.row.seeds, v.row.by_seed[number], strict=True)) for v in (first, other))
    sizes = first.per_run[number][1]
    # Where every value is a count, shares move by steps.
    counts = all(np.equal(v.per_run[number][0] % 1, 0).all() for v in (first, other))
    return over_seeds([after[seed] - before[seed] for seed in before], float(1 / sizes.sum()) if counts else 0.0)


def _remarks(settings: Sequence[Setting], rows: Sequence[Row], tasks: int) -> list[str]:
    first, *others = rows
    said = []
    for row in others:
        if not _alike(first.programs, row.programs, _EQUAL_BUDGET):
            said.append(
                f"Budgets differ: {row.name} has {row.programs / tasks:.4g} programs a task and {first.name} "
                f"{first.programs / tasks:.4g} ({row.programs / first.programs:.3g} ×), so no winner is called."
            )
        for what in ("tokens", "seconds"):
            here, there = getattr(row, what), getattr(first, what)
            if there and not _alike(there, here, _WORTH_SAYING):
                said.append(f"{row.name} took {here / there:.3g} × the {what} of {first.name}.")
    for setting in settings:
        programs = [sum(outcome.programs for outcome in run.numbers.values()) for run in setting.runs]
        if not _alike(min(programs), max(programs), _EQUAL_BUDGET):
            said.append(f"{setting.name} averages over runs of {min(programs):,} to {max(programs):,} programs.")
        unlike = sorted(_unlike(setting.runs))
        if unlike:
            said.append(f"{setting.name} averages over runs that differ in {', '.join(unlike)}.")
        said += [f"{run.path} is not finished." for run in setting.runs if not run.finished]
        odd = [run.path for run in setting.runs if len(run.tasks) > tasks]
        if odd:
            said.append(f"{setting.name} has tasks that others lack; its seconds are for all of them.")
    if others and any(len(setting.runs) == 1 for setting in settings):
        said.append("A setting with one run: what a seed does to many tasks at once is in no interval. Run more seeds.")
    return said


def _differing(settings: Sequence[Setting]) -> dict[str, tuple[str, ...]]:
    names = sorted(_unlike([run for setting in settings for run in setting.runs]))
    return {
        name: tuple(
            ", ".join(dict.fromkeys(_text(run.settings.get(name)) for run in setting.runs)) for setting in settings
        )
        for name in names
    }


def _unlike(runs: Sequence[Measured]) -> set[str]:
    """Settings that not all runs have alike."""
    names = {name for run in runs for name in run.settings}
    return {name for name in names if any(run.settings.get(name) != runs[0].settings.get(name) for run in runs)}


def _alike(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * max(one, other)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value[:3])) + (f" … ({len(value)})" if len(value) > 3 else "") if value else "none"
    return "–" if value is None else str(value)
