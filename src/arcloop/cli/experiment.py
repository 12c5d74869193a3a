"""``arcloop experiment``: what helps? The runs that answer it, their comparison, and how many it takes."""

import dataclasses
import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from arcloop.assembly import answers_of, begin
from arcloop.cli.compare import print_comparison
from arcloop.cli.job import go_on, say, wide
from arcloop.cli.lanes import Lane, go_on_side_by_side
from arcloop.cli.options import ClusterOptions
from arcloop.cli.table import percent
from arcloop.config import require
from arcloop.errors import ArcloopError, ConfigError
from arcloop.evaluation.comparison import Comparison, compare
from arcloop.evaluation.estimates import LEVEL
from arcloop.evaluation.experiment import (
    Arm,
    Changes,
    Experiment,
    TaskSet,
    experiment_names,
    population,
    read_experiment,
)
from arcloop.evaluation.measurement import Measured, Setting, measured
from arcloop.evaluation.power import POWER, Design, power_of, tasks_needed
from arcloop.evaluation.task_table import write_task_table
from arcloop.files import write_bytes
from arcloop.report.page import write_comparison
from arcloop.runs.rundir import RunDir
from arcloop.search.lending import lend
from arcloop.tasks.sets import load_tasks

__all__ = ["main"]

_SEEDS = (1, 2, 3)
_SIMULATED = (
    f"Tasks that it takes to find the gain in pass@n in {POWER:.0%} of experiments, at p < 0.05, where two settings have so many "
    "programs for each task in all and are run under so many seeds. Simulated; docs/evaluation.md says how."
)


@dataclass(frozen=True)
class Arguments:
    """Try settings against each other: every arm of a file, on every task set, under every seed, with equally many programs.

    arcloop experiment effect --out runs/effect

    arcloop experiment mine.toml --workers 2 --out runs/mine

    arcloop experiment gain --power runs/search-only

    Each arm is one way to spend the programs, and is compared with the first: solved tasks, intervals, a paired test, what it
    could have seen, and the cost, in tables and on a page for each task set; what they rest on is in NAME-tasks.parquet. Runs
    that are done are skipped, and stopped the same command goes on where it was. docs/experiments.md says what such a file
    holds.

    With ``--power`` nothing is run: from how often each task's programs were right in earlier runs of one setting it says how
    many tasks, programs and seeds it takes to find a gain.
    """

    file: tyro.conf.Positional[Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")]] = None
    """The experiment: ``effect`` (does learning help on drawings?), ``gain`` (does it add a point on ARC?), ``learning``
    (does it at 512 programs?), ``switches`` (which of its settings matter?), or a TOML file."""
    out: Path | None = None
    """Folder of the runs and the results."""
    sets: tuple[str, ...] = ()
    """These of its task sets; default: all."""
    arms: tuple[str, ...] = ()
    """These of its arms; the others are compared with the first. Default: all."""
    tasks: int | None = None
    """Tasks drawn from each set, always the same ones; default: as the file says."""
    programs: int | None = None
    """Programs per task, in all rounds together; default: as the file says."""
    seeds: tuple[int, ...] = ()
    """Every arm is run under each; default: as the file says."""
    model: str | None = None
    """As in ``arcloop run``; default: as the file says."""
    workers: int = 1
    """Runs side by side, in processes of their own; each one's log is beside its folder."""
    spread: Annotated[ClusterOptions, tyro.conf.arg(name="")] = field(default_factory=ClusterOptions)
    """Which machines and devices work on a run; this process where nothing is said."""
    power: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN [RUN ...]")] = ()
    """Earlier runs of one setting, evaluated: say what it takes to find a gain, and run nothing."""
    gain: tuple[float, ...] = (2.0, 3.0, 5.0)
    """The gains that are asked about, in points of pass@n."""


def main(argv: list[str]) -> int:
    """Parse the arguments, run what is not there yet, compare, write the results."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop experiment")
    changes = Changes(
        arguments.sets, arguments.tasks, arguments.programs, arguments.seeds, arguments.model, arguments.arms
    )
    for name in ("tasks", "programs", "workers"):
        value = getattr(arguments, name)
        require(value is None or value >= 1, name, value, "expected 1 or more")
    for gain in arguments.gain:
        require(0 < gain < 100, "gain", gain, "expected points, more than 0 and less than 100")
    experiment = None if arguments.file is None else read_experiment(arguments.file, changes)
    console = wide()
    if arguments.power:
        _print_power(arguments.power, arguments.gain, experiment, console)
        return 0
    if experiment is None or arguments.out is None:
        names = ", ".join(experiment_names())
        raise ConfigError(
            f"no experiment, or no folder for it; expected {names} or a TOML file, and --out DIR — see --help"
        )
    if code := _run(experiment, arguments.out, arguments.workers, arguments.spread, console):
        return code
    _conclude(experiment, arguments.out, "arcloop experiment " + shlex.join(argv), console)
    return 0


def _run(experiment: Experiment, out: Path, workers: int, spread: ClusterOptions, console: Console) -> int:
    """Do what is left of the runs; returns an exit code.

    Raises:
        ConfigError: there are both several workers and a cluster, or a folder holds a run with other settings.
    """
    cluster, tell = spread.config(), partial(say, console)
    require(
        workers == 1 or cluster is None,
        "workers",
        workers,
        "expected 1 beside --cluster, which shares out a run itself",
    )
    # All of them before any of them is worked on, so that what cannot be is told at once.
    lanes = [
        Lane(f"{task_set.name}, {arm.name}, seed {seed}", begin(config, _folder(out, task_set, arm, seed), tell).path)
        for task_set in experiment.sets
        for arm, seed, config in task_set.runs(experiment.seeds)
    ]
    left = [lane for lane in lanes if not _concluded(RunDir.open(lane.path))]
    tell(f"{len(lanes)} runs, {len(lanes) - len(left)} of them done")
    if workers > 1:
        whole = go_on_side_by_side(left, workers, tell, partial(_take_over, lanes, tell))
        if not whole:
            tell("Stopped. What is done is kept: go on with the same command")
        return 0 if whole else 130
    for lane in left:
        tell(f"\n{lane.name}")
        _take_over(lanes, tell, lane)
        if code := go_on(RunDir.open(lane.path), cluster=cluster):
            return code
    return 0


def _take_over(lanes: Sequence[Lane], tell: Callable[[str], None], lane: Lane) -> None:
    """Give a run that has not begun what others have sampled first, if it would sample the same: all arms begin alike."""
    target = RunDir.open(lane.path)
    # Who has sampled the most first: what it lends is not sampled at all.
    others = sorted(
        (
            RunDir.open(other.path)
            for other in lanes
            if other != lane and other.path.parent.parent == lane.path.parent.parent
        ),
        key=lambda run: -run.config().programs,
    )
    for other in others:
        try:
            count = lend(other, target)
        except (ArcloopError, OSError) as error:
            # It saves time, and no more.
            tell(f"not taken over: {error}")
            continue
        if count:
            tell(f"taken over: {count:,} completions of {other.path}")


def _concluded(run: RunDir) -> bool:
    """Is it done, and counted?"""
    counted = (run.path / "metrics.json").is_file() and (run.path / "report.html").is_file()
    return counted and run.finished and run.numbers().groups_done == sum(1 for _ in run.places())


def _conclude(experiment: Experiment, out: Path, command: str, console: Console) -> None:
    """Compare, print, and write the results."""
    found: dict[str, Comparison] = {}
    all_settings: dict[str, list[Setting]] = {}
    for task_set in experiment.sets:
        settings = all_settings[task_set.name] = [
            _setting(out, task_set, arm, experiment.seeds) for arm in task_set.arms
        ]
        compared = found[task_set.name] = compare(settings)
        say(console, f"\n{task_set.name}")
        print_comparison(compared, console)
    write_bytes(out / f"{experiment.name}.md", "\n".join(_markdown(found, command)).encode())
    content = {"command": command} | {name: dataclasses.asdict(compared) for name, compared in found.items()}
    write_bytes(out / f"{experiment.name}.json", (json.dumps(content, indent=1) + "\n").encode())
    write_task_table(all_settings, out / f"{experiment.name}-tasks.parquet")
    say(console, f"tables  {out / f'{experiment.name}.md'}")
    # Last: of many runs a page takes minutes.
    for name, settings in all_settings.items():
        page = out / f"{experiment.name}-{name}.html"
        write_comparison(found[name], settings, page, answers_of)
        say(console, f"report  {page}")


def _folder(out: Path, task_set: TaskSet, arm: Arm, seed: int) -> Path:
    return out / task_set.name / arm.folder / f"seed-{seed}"


def _setting(out: Path, task_set: TaskSet, arm: Arm, seeds: Sequence[int]) -> Setting:
    return Setting(arm.name, tuple(measured(_folder(out, task_set, arm, seed)) for seed in seeds))


def _markdown(found: dict[str, Comparison], command: str) -> Iterator[str]:
    yield from (f"`{command}`", "")
    for name, compared in found.items():
        rows = compared.rows
        numbers = list(rows[0].reached)
        yield from (f"## {name}", "", f"{len(compared.tasks)} tasks, seeds {', '.join(map(str, rows[0].seeds))}.", "")
        cost = ["programs", "tokens", "seconds"]
        yield "| | " + " | ".join([*numbers, "by seed: " + numbers[0], "unique outputs", *cost]) + " |"
        yield "|---" * (len(numbers) + 6) + "|"
        for row in rows:
            cells = ["{:.1f} % ({:.1f}–{:.1f})".format(*(100 * x for x in row.reached[number])) for number in numbers]
            by_seed = ", ".join(f"{100 * value:.1f}" for value in row.by_seed[numbers[0]])
            more = [by_seed, f"{100 * row.unique_outputs:.0f} %", *(f"{getattr(row, what):,.0f}" for what in cost)]
            yield f"| {row.name} | " + " | ".join([*cells, *more]) + " |"
        yield from ("", "| | in | points (95 %) | p | visible from | |", "|---|---|---|---|---|---|")
        for contrast in compared.contrasts:
            d = contrast.difference
            yield (
                f"| {contrast.name} against {contrast.first} | {contrast.number} | {100 * d.value:+.1f} "
                f"({100 * d.low:+.1f} to {100 * d.high:+.1f}) | {contrast.p:.2g} | {contrast.visible} | {contrast.finding} |"
            )
            if contrast.number == numbers[0] and (again := contrast.over_seeds):
                yield (
                    f"| the same | on these very tasks, under other seeds | {100 * again.value:+.1f} ({100 * again.low:+.1f} to "
                    f"{100 * again.high:+.1f}) | {again.p:.2g} | | {again.finding} |"
                )
        yield from ("", *compared.remarks, "")


def _print_power(runs: Sequence[Path], gains: Sequence[float], experiment: Experiment | None, console: Console) -> None:
    """A table of what it takes to find each gain: with the programs and seeds of an experiment, else with some."""
    earlier = [measured(path) for path in runs]
    designs = _designs(earlier, experiment)
    columns = ["gain", "programs", "seeds", "without it", "is worth", "tasks", "power"]
    columns = ["", *columns, "of the experiment"] if experiment else columns
    table = Table(*columns, box=None, header_style="bold")
    sets = {name: ids for name, _, _, ids, _ in designs}
    populations = {name: population(earlier, name, ids) for name, ids in sets.items()}
    for name, tasks in populations.items():
        right = sum(right > 0 for _, right in tasks.counts)
        found = f"{len(tasks.counts)} tasks with known answers, {right} of them with a right program"
        say(console, f"{name}: {found}" if name else found)
    for gain, (name, each, seeds, ids, level) in product([gain / 100 for gain in gains], designs):
        tasks, own = populations[name], len(ids)
        need = tasks_needed(tasks, each, seeds, gain, level)
        worth = "–" if need.factor is None else f"{need.factor:,.3g} × the programs"
        many, power = ("–", "–") if need.design is None else (f"{need.design.tasks:,}", percent(need.power))
        row = [f"{100 * gain:g}", str(each), str(seeds), percent(need.solved), worth, many, power]
        row = [name, *row] if name else row
        if own and need.factor:
            row.append(f"{percent(power_of(tasks, Design(own, each, seeds), need.factor, level))} with {own} tasks")
        table.add_row(*row)
    console.print(table)
    say(console, _SIMULATED)


def _designs(
    earlier: Sequence[Measured], experiment: Experiment | None
) -> list[tuple[str, int, int, tuple[str, ...], float]]:
    """Task set, programs of a task, seeds, task ids if known, and the level of a single test, after Holm's correction."""
    if experiment is None:
        programs = max(outcome.programs for run in earlier for outcome in run.numbers.values())
        return [("", each, seeds, (), 1 - LEVEL) for each, seeds in product([programs, 4 * programs], _SEEDS)]
    return [
        (one.name, one.programs, len(experiment.seeds), _task_ids(one), (1 - LEVEL) / (len(one.arms) - 1))
        for one in experiment.sets
    ]


def _task_ids(task_set: TaskSet) -> tuple[str, ...]:
    base = task_set.base
    tasks = load_tasks(base.tasks, base.limit, base.task_ids, base.skip_invalid, lambda line: None)
    return tuple(task.id for task in tasks)
