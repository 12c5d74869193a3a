"""Numbers → tables on a terminal or in a log."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from arcloop.runs.numbers import Curve, Numbers, RunNumbers
from arcloop.search.health import REASONS

__all__ = ["numbers_table", "percent", "print_numbers", "steps"]

LABELS = {
    "programs": "programs",
    "valid_code": "valid code",
    "valid_outputs": "valid outputs",
    "unique_outputs": "unique outputs",
    "pixel_similarity": "pixel similarity",
    "correct_grids": "correct grids",
    "train_pass_rate": "train pass rate",
    "train_pass_at_n": "train pass@n",
    "pass_rate": "pass rate",
    "pass_at_n": "pass@n",
    "solved_at_2": "solved@2",
}

HEALTH = {
    "hard_coded": "hard-coded",
    "discoveries": "discoveries",
    "stopped_tasks": "tasks done",
    "adapter_norm": "adapter norm",
    "loss": "last loss",
    "rolled_back": "rolled back",
}
"""Health of the adapter that a round ended with or, of the last two, began with; see ``health.per_round``."""

CURVES = {"train_pass_at_n": "train_pass_at_k", "pass_at_n": "pass_at_k"}
"""Number → the curve that it is the end of."""


_LABEL, _ROUND, _RUN = 19, 12, 25
"""Widths of the columns, with what keeps them apart."""


def print_numbers(numbers: RunNumbers, console: Console) -> None:
    """Print ``numbers_table`` as wide as the console is."""
    console.print(numbers_table(numbers, console.width))


def numbers_table(numbers: RunNumbers, width: int) -> Table:
    """A run's numbers: the table of rounds and run, then pass@k at the powers of two below n.

    Of more rounds than ``width`` columns have room for, some at even distances, the first and the last among them.
    """
    shown = _spread(len(numbers.rounds), max(0, width - _LABEL - _RUN) // _ROUND)
    rows = [numbers.rounds[i] for i in shown]
    curves = [numbers.curves.rounds[i] for i in shown]
    run, run_curves = numbers.run, numbers.curves.run
    table = Table("", *(f"round {i + 1}" for i in shown), "run", box=None, header_style="bold", padding=(0, 3, 0, 0))
    for column in table.columns:
        column.no_wrap = True
    for name in Numbers.__dataclass_fields__:
        if name in CURVES:
            cells = [_point(getattr(curve, CURVES[name]), None) for curve in curves]
            cells.append(_point(getattr(run_curves, CURVES[name]), None, interval=True))
        else:
            interval = numbers.solved_at_2_interval if name == "solved_at_2" else None
            cells = [*(_cell(name, getattr(row, name)) for row in rows), _cell(name, getattr(run, name), interval)]
        if any(cells):
            table.add_row(LABELS[name], *cells)
    for name, label in HEALTH.items():
        if any(getattr(row, name) for row in numbers.health):
            table.add_row(label, *(_health(name, getattr(numbers.health[i], name)) for i in shown), "")
    for name, label in REASONS.items():
        counts = [row.lost.get(name, 0) for row in numbers.health]
        if any(counts):
            table.add_row(label, *(str(counts[i] or "") for i in shown), str(sum(counts)))
    # One curve is enough here; the report draws both.
    name = "pass_at_n" if run_curves.pass_at_k else "train_pass_at_n"
    curve: Curve = getattr(run_curves, CURVES[name])
    ks = steps(len(curve.value))[:-1]
    if ks:
        table.add_section()
    for k in ks:
        of_rounds = (_point(getattr(one, CURVES[name]), k) for one in curves)
        table.add_row(f"{LABELS[name].removesuffix('n')}{k}", *of_rounds, _point(curve, k, interval=True))
    return table


def _spread(count: int, most: int) -> list[int]:
    """``most`` of the numbers from 0 to ``count`` − 1 at even distances, but all where they are no more."""
    if count <= most:
        return list(range(count))
    if most < 2:
        return [count - 1][:most]
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def steps(longest: int) -> list[int]:
    """The powers of two below ``longest``, then ``longest``."""
    return [*(2**i for i in range(longest.bit_length()) if 2**i < longest), *([longest] if longest else [])]


def percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    """A share in per cent, with the ends of its interval where it has one; nothing for a number that is not known."""
    if value is None:
        return ""
    ends = "" if interval is None else f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"
    return f"{100 * value:.2f} %{ends}"


def _health(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "hard_coded":
        return f"{100 * value:.2f} %"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _point(curve: Curve | None, k: int | None, interval: bool = False) -> str:
    """The curve at k programs, or at its end; nothing where it is shorter than that."""
    if curve is None or len(curve.value) < (k or 1):
        return ""
    place = -1 if k is None else k - 1
    return percent(curve.value[place], (curve.low[place], curve.high[place]) if interval else None)


def _cell(name: str, value: float | None, interval: Sequence[float] | None = None) -> str:
    return str(value) if name == "programs" else percent(value, interval)
