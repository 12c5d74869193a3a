"""An experiment's arms as a forest plot: what each came to, or its difference from the first of its task set, with 95 % intervals.

    python -m experiments.forest TASKS.parquet [more tables …] [--arms A B …] [--differences] [--number pass@n] --out FILE.svg

Reads the tables that ``arcloop experiment`` and ``arcloop compare --table`` write, puts the seeds of several together as
``arcloop compare`` does, and writes one SVG picture. Coloured is what is better or worse than the first arm after Holm's
correction; grey is within noise.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor
from pathlib import Path

from arcloop.evaluation.comparison import Comparison, compare
from arcloop.evaluation.measurement import Setting
from arcloop.evaluation.task_table import read_task_tables

NAMES, PLOT, GAP, NUMBERS = 240, 340, 24, 150
"""Pixels of the three columns, the arms' names, the intervals, the numbers as text, and of what is between the last two."""
LINE = 26
"""Pixels from one arm to the next."""
COLOURS = {"better": "#2a8c4a", "worse": "#c0392b"}
GREY = "#777"


@dataclass(frozen=True)
class Arm:
    """One line of the picture, in percent or points."""

    name: str
    value: float
    low: float
    high: float
    colour: str
    text: str


def chosen(settings: Sequence[Setting], names: Sequence[str]) -> list[Setting]:
    """Those of the names, in their order; all where none is said."""
    return [setting for name in names for setting in settings if setting.name == name] if names else list(settings)


def values(compared: Comparison, number: str) -> Iterator[Arm]:
    """What each arm came to."""
    colours = {c.name: COLOURS.get(c.verdict, GREY) for c in compared.contrasts if c.number == number}
    for row in compared.rows:
        value, low, high = (100 * x for x in row.reached[number])
        text = f"{value:.1f} % ({low:.1f}–{high:.1f})"
        yield Arm(row.name, value, low, high, colours.get(row.name, GREY), text)


def differences(compared: Comparison, number: str) -> Iterator[Arm]:
    """In what each arm differs from the first."""
    for contrast in (c for c in compared.contrasts if c.number == number):
        value, low, high = (
            100 * x for x in (contrast.difference.value, contrast.difference.low, contrast.difference.high)
        )
        value, low, high = (round(x, 1) + 0.0 for x in (value, low, high))  # no -0.0
        text = f"{value:+.1f} ({low:+.1f} to {high:+.1f})"
        yield Arm(contrast.name, value, low, high, COLOURS.get(contrast.verdict, GREY), text)


@dataclass(frozen=True)
class Scale:
    """Points → pixels from the left."""

    least: float
    most: float

    @staticmethod
    def of(arms: Sequence[Arm]) -> "Scale":
        """From zero, or below it, to round numbers."""
        least, most = min([0.0, *(arm.low for arm in arms)]), max([0.0, *(arm.high for arm in arms)])
        return Scale(5 * floor(least / 5), 5 * ceil(most / 5))

    def __call__(self, points: float) -> float:
        """Where so many points lie."""
        return NAMES + PLOT * (points - self.least) / ((self.most - self.least) or 1)


def svg(found: Mapping[str, Comparison], number: str, *, apart: bool) -> str:
    """One block for each task set, all on one scale; ``apart``: differences in the place of values."""
    arms = {name: list((differences if apart else values)(compared, number)) for name, compared in found.items()}
    scale = Scale.of([arm for some in arms.values() for arm in some])
    parts: list[str] = []
    y = 0
    for name, some in arms.items():
        compared, y = found[name], y + LINE
        seeds = len(compared.rows[0].seeds)
        heading = f"{name}: {len(compared.tasks)} tasks, {seeds} seed{'s' * (seeds > 1)}"
        heading += f", against {compared.rows[0].name}" if apart else ""
        parts.append(f'<text x="0" y="{y}" font-weight="bold">{escape(heading)}</text>')
        top = y + LINE // 3
        for arm in some:
            y += LINE
            parts += drawn(arm, y, scale)
        parts.append(f'<path d="M{scale(0):.1f} {top}V{y + LINE // 3}" stroke="{GREY}" stroke-dasharray="3 3"/>')
    y += LINE
    for points in sorted({scale.least, 0, scale.most}):
        parts.append(
            f'<text x="{scale(points):.1f}" y="{y}" text-anchor="middle">{format(points, "+g" if apart and points else "g")}</text>'
        )
    parts.append(f'<text x="{NAMES + PLOT + GAP}" y="{y}">{"points of" if apart else "%"} {escape(number)}</text>')
    width, height = NAMES + PLOT + GAP + NUMBERS, y + LINE // 2
    title = escape(f"{'Differences in ' * apart}{number}, with 95 % intervals", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{title}" font-family="sans-serif" font-size="13" fill="{GREY}">{"".join(parts)}</svg>\n'
    )


def drawn(arm: Arm, y: int, scale: Scale) -> Iterator[str]:
    """One arm: its name, its interval with a dot at the value, and the numbers."""
    middle = y - 4
    yield f'<text x="0" y="{y}">{escape(arm.name)}</text>'
    yield f'<path d="M{scale(arm.low):.1f} {middle}H{scale(arm.high):.1f}" stroke="{arm.colour}" stroke-width="2"/>'
    yield f'<circle cx="{scale(arm.value):.1f}" cy="{middle}" r="4" fill="{arm.colour}"/>'
    yield f'<text x="{NAMES + PLOT + GAP}" y="{y}" fill="{arm.colour}">{arm.text}</text>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument(
        "--arms", nargs="+", default=[], help="these alone and in this order, where a task set has them"
    )
    parser.add_argument("--differences", action="store_true", help="each arm against the first")
    parser.add_argument("--number", default="pass@n", help="what is shown (default: pass@n)")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    settings = read_task_tables(options.tables)
    names = list(dict.fromkeys(arm.name for arms in settings.values() for arm in arms))
    if unknown := [name for name in options.arms if name not in names]:
        parser.error(f"--arms {unknown[0]}; expected one of {', '.join(names)}")
    kept = {name: chosen(arms, options.arms) for name, arms in settings.items()}
    found = {name: compare(arms) for name, arms in kept.items() if arms}
    known = sorted(set.intersection(*(set(compared.rows[0].reached) for compared in found.values())))
    if options.number not in known:
        parser.error(f"--number {options.number}; expected one of {', '.join(known)}")
    options.out.write_text(svg(found, options.number, apart=options.differences))


if __name__ == "__main__":
    main()
