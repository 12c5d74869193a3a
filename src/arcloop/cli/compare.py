"""``arcloop compare``: several runs side by side, and whether they really differ."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from arcloop.assembly import answers_of
from arcloop.cli.job import say, wide
from arcloop.cli.table import percent
from arcloop.errors import ConfigError
from arcloop.evaluation.comparison import Comparison, compare
from arcloop.evaluation.measurement import Measured, Setting, grouped, measured
from arcloop.evaluation.task_table import read_task_tables, write_task_table
from arcloop.files import write_bytes
from arcloop.report.page import write_comparison

__all__ = ["main", "print_comparison"]

_BETWEEN = 3
"""Blanks between two columns of a table."""


@dataclass(frozen=True)
class Arguments:
    """Put runs side by side on the tasks that all of them have, and say which differences are more than noise.

    Runs that differ in the seed alone are averaged, task by task. Each setting is then compared with the first: a paired
    sign-flip test over tasks, at the 5 % level, and a winner is named only if the numbers of programs are equal. With
    400 tasks, a difference under 3 points between single runs is usually noise.

    arcloop compare runs/search-only runs/learn

    arcloop compare runs/base-s1 runs/base-s2 runs/learn-s1 runs/learn-s2

    arcloop compare --group base=runs/a,runs/b learn=runs/c,runs/d --json compared.json

    What ``arcloop experiment`` found, or ``--table`` kept, is compared again from such tables alone; seeds of several are put
    together:

    arcloop compare seed-1/switches-tasks.parquet seed-2/switches-tasks.parquet
    """

    runs: tyro.conf.Positional[tuple[Path, ...]] = ()
    """Folders of runs, evaluated; the first is what the others are compared with. Or tables of an experiment, .parquet."""
    group: tuple[str, ...] = ()
    """In place of these: settings by name, each with its runs, as NAME=RUN,RUN."""
    json: Path | None = None
    """Write everything here as JSON too."""
    table: Path | None = None
    """Write what each task came to in each run here, as NAME-tasks.parquet: enough to compare again without the runs."""
    report: Path | None = None
    """Write an HTML page here: the verdict, what each setting found over its programs, and all tasks with their films."""


def main(argv: list[str]) -> int:
    """Parse the arguments, compare, print."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop compare")
    if bool(arguments.runs) == bool(arguments.group):
        raise ConfigError(
            "no runs, or runs and groups; expected one of the two — arcloop compare RUN RUN, or --group A=RUN B=RUN"
        )
    if arguments.table is not None and arguments.table.suffix != ".parquet":
        raise ConfigError(f"--table {arguments.table}; expected a name that ends in .parquet — change it")
    if any(path.suffix == ".parquet" for path in arguments.runs):
        _compare_tables(arguments)
        return 0
    settings = _named(arguments.group) if arguments.group else grouped([measured(path) for path in arguments.runs])
    if sum(len(setting.runs) for setting in settings) < 2:
        raise ConfigError("one run; expected at least two — name another, or see it alone with arcloop evaluate")
    compared = compare(settings)
    if arguments.json is not None:
        text = json.dumps(dataclasses.asdict(compared), indent=1) + "\n"
        _write("--json", arguments.json, lambda path: write_bytes(path, text.encode()))
    if arguments.table is not None:
        tasks = Path(settings[0].runs[0].settings["tasks"]).stem
        _write("--table", arguments.table, partial(write_task_table, {tasks: settings}))
    if arguments.report is not None:
        _write("--report", arguments.report, lambda path: write_comparison(compared, settings, path, answers_of))
    print_comparison(compared, console := wide())
    if arguments.report is not None:
        say(console, f"report  {arguments.report}")
    return 0


def _compare_tables(arguments: Arguments) -> None:
    """Compare the arms of each task set, from the tables of an experiment."""
    for flag, given in (("--report", arguments.report), ("--table", arguments.table)):
        if given is not None:
            raise ConfigError(f"{flag} with tables of tasks; expected runs, which it is made of — leave it out")
    found = {name: compare(settings) for name, settings in read_task_tables(arguments.runs).items()}
    if arguments.json is not None:
        text = json.dumps({name: dataclasses.asdict(compared) for name, compared in found.items()}, indent=1) + "\n"
        _write("--json", arguments.json, lambda path: write_bytes(path, text.encode()))
    console = wide()
    for name, compared in found.items():
        say(console, f"\n{name}")
        print_comparison(compared, console)


def _write(flag: str, path: Path, write: Callable[[Path], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    except OSError as error:
        raise ConfigError(
            f"{flag} {path}: {error.strerror}; expected a file that can be written — pass another"
        ) from None


def _named(groups: tuple[str, ...]) -> list[Setting]:
    """The settings of ``--group``.

    Raises:
        ConfigError: one is not NAME=RUN,RUN, or a name or run comes twice.
    """
    settings: dict[str, Setting] = {}
    for text in groups:
        name, sign, paths = text.partition("=")
        listed = [Path(path) for path in paths.split(",")]
        if not (name and sign and all(paths.split(","))) or name in settings:
            raise ConfigError(f"--group {text}; expected NAME=RUN,RUN with another name each — see --help")
        if len({path.resolve() for path in listed}) < len(listed):
            raise ConfigError(f"--group {text}: a run comes twice; expected each once — leave one out")
        runs: list[Measured] = [measured(path) for path in listed]
        settings[name] = Setting(name, tuple(runs))
    return list(settings.values())


def print_comparison(compared: Comparison, console: Console) -> None:
    """The table, each setting against the first, and the remarks."""
    rows = compared.rows
    say(console, f"{len(compared.tasks)} tasks in common; 95 % intervals over tasks in brackets")
    # Beside a number for each setting, in their order. A setting as it is given, so that --programs (of a round) and programs (of
    # a run) are told apart.
    lines = [("", [row.name for row in rows]), ("seed", [", ".join(map(str, row.seeds)) for row in rows])]
    for name, cells in compared.differing.items():
        lines.append((name if " " in name else f"--{name.replace('_', '-')}", list(cells)))
    for name in ("programs", "tokens", "seconds"):
        lines.append((name, [f"{getattr(row, name):,.0f}" for row in rows]))
    for name in ("valid_outputs", "unique_outputs"):
        lines.append((name.replace("_", " "), [percent(getattr(row, name)) for row in rows]))
    for name in rows[0].reached:
        lines.append((name, [percent(row.reached[name][0], row.reached[name][1:]) for row in rows]))
        if any(len(row.seeds) > 1 for row in rows):
            lines.append(("  by seed", [", ".join(f"{100 * v:.2f}" for v in row.by_seed[name]) for row in rows]))
    for table in _tables(lines, console.width):
        console.print(table)
    for contrast in compared.contrasts:
        d = contrast.difference
        differ = "1 task differs" if d.differing == 1 else f"{d.differing} tasks differ"
        few = f"; {differ}, and it takes 6 at the least" if d.differing < 6 else ""
        # Where no effect would have been seen, there is no size to name.
        seen = "" if contrast.detectable is None else f"; visible from {contrast.visible} points on"
        say(
            console,
            f"{contrast.name} against {contrast.first}, {contrast.number}: {round(100 * d.value, 2) + 0.0:+.2f} points "
            f"({100 * d.low:+.1f} to {100 * d.high:+.1f}), p = {contrast.p:.2g}: {contrast.finding}"
            f"{few if contrast.verdict == 'within noise' else ''}{seen}",
        )
        if contrast.number == next(iter(rows[0].reached)) and (again := contrast.over_seeds):
            say(
                console,
                f"  on these very tasks, under other seeds: {100 * again.value:+.2f} points ({100 * again.low:+.1f} to "
                f"{100 * again.high:+.1f}), p = {again.p:.2g}: {again.finding}",
            )
    for remark in compared.remarks:
        say(console, remark)


def _tables(lines: Sequence[tuple[str, Sequence[str]]], width: int) -> Iterator[Table]:
    """The lines, of which the first is the head, as one table or as several below each other, none of which is cut in ``width``."""
    first = max(cell_len(name) for name, _ in lines) + _BETWEEN
    widths = [max(map(cell_len, column)) + _BETWEEN for column in zip(*(cells for _, cells in lines), strict=True)]
    begin = 0
    while begin < len(widths):
        end = begin + 1
        while end < len(widths) and first + sum(widths[begin : end + 1]) <= width:
            end += 1
        # Names and settings are shown as they are: their brackets mean nothing.
        (_, head), *body = ((Text(name), [Text(cell) for cell in cells[begin:end]]) for name, cells in lines)
        columns = (Column(cell, no_wrap=True) for cell in head)
        table = Table(Column("", no_wrap=True), *columns, box=None, header_style="bold", padding=(0, _BETWEEN, 0, 0))
        for name, cells in body:
            table.add_row(name, *cells)
        yield table
        begin = end
