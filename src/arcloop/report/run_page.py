"""Run → one self-contained HTML file. Reads only the run directory; can be deleted and rebuilt.

Everything that a model wrote is shown as text: the template escapes all values.
"""

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from arcloop.records import Grid, Task
from arcloop.report.charts import line_svg, page_templates, passes_svg
from arcloop.runs.numbers import Numbers, RunNumbers
from arcloop.runs.rundir import RunDir
from arcloop.search.health import REASONS

__all__ = ["PALETTE", "grid_svg", "write_report"]

PALETTE = ("#000000", "#0074d9", "#ff4136", "#2ecc40", "#ffdc00", "#aaaaaa", "#f012be", "#ff851b", "#7fdbff", "#870c25")
"""The colours in which ARC is usually shown."""


def write_report(run: RunDir) -> Path:
    """Write ``report.html`` from what is done, and return its path.

    Raises:
        RunError: ``submission.json`` or ``metrics.json`` is missing; ``arcloop evaluate`` rebuilds them.
    """
    numbers, submission = run.numbers(), run.read("submission.json")
    environment = page_templates()
    environment.filters |= {"svg": grid_svg, "percent": _percent, "figure": _figure}
    text = environment.get_template("report.html").render(
        config=run.config(),
        manifest=run.manifest(),
        numbers=numbers,
        names=[name for name in Numbers.__dataclass_fields__ if name != "programs"],
        reasons=list(REASONS.items()),
        interval=lambda name, round_: _interval(numbers, name, round_),
        curves=[
            ("train pass@n, per round", line_svg([row.train_pass_at_n for row in numbers.rounds], 1.0)),
            ("valid outputs, per round", line_svg([row.valid_outputs for row in numbers.rounds], 1.0)),
            *[
                (f"loss, round {i + 1}", line_svg(losses, max(losses)))
                for i, losses in enumerate(_losses(run))
                if losses
            ],
        ],
        passes=[
            (
                label,
                passes_svg(
                    [getattr(c, name) for c in numbers.curves.rounds if getattr(c, name)],
                    getattr(numbers.curves.run, name),
                ),
            )
            for label, name in (("pass@k", "pass_at_k"), ("train pass@k", "train_pass_at_k"))
            if getattr(numbers.curves.run, name)
        ],
        tasks=[_task_view(task, submission, numbers) for task in run.tasks()],
    )
    return run.write("report.html", text)


def grid_svg(grid: Grid, cell: int = 8) -> Markup:
    """The grid as an SVG picture of ``cell`` pixels per cell: one rectangle per run of equal cells in a row."""
    height, width = grid.shape
    parts = []
    for y in range(height):
        x = 0
        while x < width:
            end = x
            while end < width and grid[y, end] == grid[y, x]:
                end += 1
            parts.append(f'<rect x="{x}" y="{y}" width="{end - x}" height="1" fill="{PALETTE[int(grid[y, x])]}"/>')
            x = end
    lines = "".join(f"M{x} 0V{height}" for x in range(1, width)) + "".join(f"M0 {y}H{width}" for y in range(1, height))
    return Markup(
        f'<svg width="{width * cell}" height="{height * cell}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="grid of {height} by {width} cells" shape-rendering="crispEdges">{"".join(parts)}'
        f'<path d="{lines}" stroke="#555" stroke-width="0.06"/></svg>'
    )


def _task_view(task: Task, submission: dict[str, Any], numbers: RunNumbers) -> dict[str, Any]:
    known = numbers.tasks[task.id]
    attempts = [
        {
            "input": grid,
            "grids": [np.array(entry[key], dtype=np.int8) for key in ("attempt_1", "attempt_2")],
            "hit": None if known.hits is None else known.hits[i],
        }
        for i, (grid, entry) in enumerate(zip(task.test_inputs, submission[task.id], strict=True))
    ]
    return {"id": task.id, "train": task.train, "attempts": attempts, "known": known}


def _losses(run: RunDir) -> list[list[float]]:
    """Per learning round, the loss at each step, averaged over the groups that got that far."""
    rounds = []
    for round_ in range(run.config().rounds - 1):
        groups = [run.group(round_, index) for index in range(len(run.groups()))]
        learned = [group.numbers().learning for group in groups if group.done]
        curves = [learning.losses for learning in learned if learning]
        steps = max((len(curve) for curve in curves), default=0)
        rounds.append([float(np.mean([c[step] for c in curves if len(c) > step])) for step in range(steps)])
    return rounds


def _interval(numbers: RunNumbers, name: str, round_: int | None) -> str:
    """The ends of a number's interval, in brackets, where it has one; ``round_`` None is the run."""
    curves = numbers.curves.run if round_ is None else numbers.curves.rounds[round_]
    ends = {"pass_at_n": curves.pass_at_k, "train_pass_at_n": curves.train_pass_at_k}
    curve = ends.get(name)
    if curve and curve.value:
        low, high = curve.low[-1], curve.high[-1]
    elif name == "solved_at_2" and round_ is None and numbers.solved_at_2_interval:
        low, high = numbers.solved_at_2_interval
    else:
        return ""
    return f" ({100 * low:.1f}–{100 * high:.1f})"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %"
