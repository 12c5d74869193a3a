"""``arcloop experiment``: does learning help? The runs that answer it, and their comparison."""

import dataclasses
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.table import Table

from arcloop.assembly import answers_of, begin
from arcloop.cli.compare import print_comparison
from arcloop.cli.job import go_on, say, wide
from arcloop.cli.table import percent
from arcloop.config import require
from arcloop.errors import ConfigError
from arcloop.evaluation.comparison import Comparison, compare
from arcloop.evaluation.experiment import LEARNING, QUESTIONS, Arm, TaskSet, population, task_sets
from arcloop.evaluation.measurement import Setting, measured
from arcloop.evaluation.power import POWER, tasks_needed
from arcloop.files import write_bytes
from arcloop.report.page import write_comparison

__all__ = ["main"]

_SEEDS = (1, 2, 3)
_POWER = (
    f"Tasks that it takes to find the gain in pass@n in {POWER:.0%} of experiments, at p < 0.05, where two settings have so many "
    "programs for each task in all and are run under so many seeds. Simulated; docs/evaluation.md says how."
)


@dataclass(frozen=True)
class Arguments:
    """Search only against search and learn, with equally many programs: ``arcloop experiment effect --out DIR``.

    For the drawing tasks and for tasks drawn from both sets of ARC-AGI-1: no learning, and one, three and seven learning
    rounds, each under every seed. Ends with tables of solved@2 and pass@n, their intervals, a paired test against search
    alone, and a page with the curves, for each task set. Stopped, the same command goes on where it was.

    ``arcloop experiment --power RUN …`` runs nothing: from how often each task's programs were right in earlier runs of one
    setting it says how many tasks, programs and seeds it takes to find a gain in pass@n.
    """

    name: tyro.conf.Positional[Literal["effect"] | None] = None
    """Which experiment."""
    out: Path | None = None
    """Folder of the runs and the results."""
    power: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN [RUN ...]")] = ()
    """Earlier runs of one setting, evaluated: say what it takes to find a gain."""
    gain: tuple[float, ...] = (2.0, 3.0, 5.0)
    """The gains that are asked about, in points of pass@n."""
    sets: tuple[Literal["drawing", "arc1-train", "arc1-eval"], ...] = ("drawing", "arc1-train", "arc1-eval")
    """Task sets."""
    tasks: int = 100
    """Tasks drawn from each set of ARC, always the same ones."""
    programs: int = 128
    """Programs per task of ARC, in all; a multiple of 8."""
    drawing_programs: int = 256
    """Programs per drawing task, in all; a multiple of 8."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Every arm is run under each."""
    model: str = "embedded"
    """As in ``arcloop run``."""
    questions: bool = False
    """Also what is open: the other way of restarting, no solved tasks, augmentation the other way;
    each with three learning rounds."""


def main(argv: list[str]) -> int:
    """Parse the arguments, run what is not there yet, compare, write the results."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop experiment")
    if arguments.power:
        _print_power(arguments.power, arguments.gain)
        return 0
    if arguments.name is None or arguments.out is None:
        raise ConfigError(
            "no experiment, or no folder for it; expected arcloop experiment effect --out DIR — see --help"
        )
    if not arguments.seeds or len(set(arguments.seeds)) < len(arguments.seeds):
        raise ConfigError(f"--seeds {arguments.seeds}; expected different seeds, at least one — change them")
    series = {"learning": LEARNING} | ({"questions": QUESTIONS} if arguments.questions else {})
    console = wide()
    sets = task_sets(arguments.sets, arguments.tasks, arguments.programs, arguments.drawing_programs, arguments.model)
    found: dict[str, Comparison] = {}
    for task_set in sets:
        arms = tuple(dict.fromkeys(arm for some in series.values() for arm in some))
        for arm, seed, config in task_set.runs(arms, arguments.seeds):
            say(console, f"\n{task_set.name}, {arm.name}, seed {seed}")
            if code := go_on(begin(config, _folder(arguments.out, task_set, arm, seed))):
                return code
    for task_set in sets:
        for name, some in series.items():
            settings = [_setting(arguments.out, task_set, arm, arguments.seeds) for arm in some]
            compared = found[f"{task_set.name}, {name}"] = compare(settings)
            say(console, f"\n{task_set.name}, {name}")
            print_comparison(compared, console)
            page = arguments.out / f"{task_set.name}-{name}.html"
            write_comparison(compared, settings, page, answers_of)
            say(console, f"report  {page}")
    command = "arcloop experiment " + shlex.join(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_bytes(arguments.out / "effect.md", _markdown(found, command).encode())
    content = {"command": command} | {name: dataclasses.asdict(compared) for name, compared in found.items()}
    write_bytes(arguments.out / "effect.json", (json.dumps(content, indent=1) + "\n").encode())
    say(console, f"tables  {arguments.out / 'effect.md'}")
    return 0


def _print_power(runs: Sequence[Path], gains: Sequence[float]) -> None:
    """A table of what it takes to find each gain."""
    for gain in gains:
        require(0 < gain < 100, "gain", gain, "expected points, more than 0 and less than 100")
    console, earlier = wide(), [measured(path) for path in runs]
    tasks = population(earlier)
    programs = max(outcome.programs for run in earlier for outcome in run.numbers.values())
    right = sum(right > 0 for _, right in tasks.counts)
    say(console, f"{len(tasks.counts)} tasks with known answers, {right} of them with a right program")
    table = Table(
        "gain", "programs", "seeds", "without it", "is worth", "tasks", "power", box=None, header_style="bold"
    )
    for design in product([gain / 100 for gain in gains], [programs, 4 * programs], _SEEDS):
        gain, each, seeds = design
        need = tasks_needed(tasks, each, seeds, gain)
        worth = "–" if need.factor is None else f"{need.factor:,.3g} × the programs"
        many, power = ("–", "–") if need.design is None else (f"{need.design.tasks:,}", percent(need.power))
        table.add_row(f"{100 * gain:g}", str(each), str(seeds), percent(need.solved), worth, many, power)
    console.print(table)
    say(console, _POWER)


def _folder(out: Path, task_set: TaskSet, arm: Arm, seed: int) -> Path:
    return out / task_set.name / arm.folder / f"seed-{seed}"


def _setting(out: Path, task_set: TaskSet, arm: Arm, seeds: Sequence[int]) -> Setting:
    return Setting(arm.name, tuple(measured(_folder(out, task_set, arm, seed)) for seed in seeds))


def _markdown(found: dict[str, Comparison], command: str) -> str:
    lines = [f"`{command}`", ""]
    for name, compared in found.items():
        rows = compared.rows
        lines += [f"## {name}", "", f"{len(compared.tasks)} tasks, seeds {', '.join(map(str, rows[0].seeds))}.", ""]
        numbers = list(rows[0].reached)
        lines.append("| | " + " | ".join([*numbers, "by seed: " + numbers[0], "unique outputs", "seconds"]) + " |")
        lines.append("|---" * (len(numbers) + 4) + "|")
        for row in rows:
            cells = ["{:.1f} % ({:.1f}–{:.1f})".format(*(100 * x for x in row.reached[number])) for number in numbers]
            by_seed = ", ".join(f"{100 * value:.1f}" for value in row.by_seed[numbers[0]])
            more = [by_seed, f"{100 * row.unique_outputs:.0f} %", f"{row.seconds:.0f}"]
            lines.append(f"| {row.name} | " + " | ".join([*cells, *more]) + " |")
        lines += ["", "| | in | points (95 %) | p | visible from | |", "|---|---|---|---|---|---|"]
        for contrast in compared.contrasts:
            d = contrast.difference
            lines.append(
                f"| {contrast.name} against {contrast.first} | {contrast.number} | {100 * d.value:+.1f} "
                f"({100 * d.low:+.1f} to {100 * d.high:+.1f}) | {contrast.p:.2g} | {contrast.visible} | {contrast.finding} |"
            )
        lines += ["", *compared.remarks, ""]
    return "\n".join(lines)
