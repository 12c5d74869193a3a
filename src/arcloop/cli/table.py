"""Numbers → tables on a terminal or in a log."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from arcloop.metrics import Numbers

__all__ = ["percent", "print_numbers", "steps"]

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


def print_numbers(numbers: dict[str, Any], console: Console) -> None:
    """The content of ``metrics.json``: the table of rounds and run, then pass@k at the powers of two below n."""
    columns = [*(f"round {i + 1}" for i in range(len(numbers["rounds"]))), "run"]
    rows = [*numbers["rounds"], numbers["run"]]
    curves = [*numbers["curves"]["rounds"], numbers["curves"]["run"]]
    table = Table("", *columns, box=None, header_style="bold", padding=(0, 3, 0, 0))
    for column in table.columns:
        column.no_wrap = True
    for name in Numbers.__dataclass_fields__:
        if name in CURVES:
            cells = [_point(curve[CURVES[name]], None) for curve in curves]
        else:
            cells = [str(row[name]) if name == "programs" else percent(row[name]) for row in rows]
        if name == "solved_at_2":
            cells[-1] = percent(rows[-1][name], numbers["solved_at_2_interval"])
        if any(cells):
            table.add_row(LABELS[name], *cells)
    for name, label in HEALTH.items():
        values = [row[name] for row in numbers["health"]]
        if any(values):
            table.add_row(label, *(_health(name, value) for value in values), *[""] * (len(columns) - len(values)))
    # One curve is enough here; the report draws both.
    name = "pass_at_n" if any(curve["pass_at_k"] for curve in curves) else "train_pass_at_n"
    found = [curve[CURVES[name]] for curve in curves]
    ks = steps(max((len(curve["value"]) for curve in found if curve), default=0))[:-1]
    if ks:
        table.add_section()
    for k in ks:
        table.add_row(f"{LABELS[name].removesuffix('n')}{k}", *(_point(curve, k) for curve in found))
    console.print(table)


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


def _point(curve: dict[str, Any] | None, k: int | None) -> str:
    """The curve at k programs, or at its end; nothing where it is shorter than that."""
    if curve is None or len(curve["value"]) < (k or 1):
        return ""
    place = -1 if k is None else k - 1
    return percent(curve["value"][place], (curve["low"][place], curve["high"][place]))
