"""Numbers → curves, as SVG pictures, and the pages' templates.

What is drawn is numbers and words that the caller gives. Whatever a model or a user wrote is shown as text, because
the templates escape all values.
"""

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files

import jinja2
from markupsafe import Markup, escape

from arcloop.runs.numbers import Curve

__all__ = ["found_svg", "line_svg", "page_templates", "passes_svg"]

_POINTS = 200
"""A curve of more points looks no different."""


def line_svg(values: Sequence[float], top: float, width: int = 300, height: int = 90) -> Markup:
    """A curve from 0 to ``top``; a single value is a dot."""
    span, top = max(1, len(values) - 1), top or 1.0
    points = [(8 + (width - 16) * i / span, height - 8 - (height - 16) * v / top) for i, v in enumerate(values)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points) if len(points) <= 20 else ""
    ends = f"from {values[0]:.3g} to {values[-1]:.3g}" if values else "nothing yet"
    return Markup(
        f'<svg class="curve" width="{width}" height="{height}" role="img" aria-label="{ends}">'
        f'<path d="M8 {height - 8}H{width - 8}" class="axis"/><polyline points="{path}"/>{dots}</svg><small>{ends}</small>'
    )


def passes_svg(rounds: Sequence[Curve], run: Curve) -> Markup:
    """pass@k over k, from 1 to n by equal factors: each round's curve, and the run's with the band of its interval."""
    longest = len(run.value)
    if not longest:
        return Markup("<small>nothing yet</small>")
    width, height, left, top = 440, 230, 46, 10
    across, down = width - left - 14, height - top - 34

    def place(k: int, share: float) -> tuple[float, float]:
        along = math.log(k) / math.log(longest) if longest > 1 else 0.5
        return left + across * along, top + down * (1 - share)

    def path(line: Sequence[float]) -> list[str]:
        # Dense where the axis is: all small k, ever fewer large ones.
        shown = sorted({round(len(line) ** (i / _POINTS)) for i in range(_POINTS + 1)}) if line else []
        return ["{:.1f},{:.1f}".format(*place(k, line[k - 1])) for k in shown]

    parts = [f'<polygon points="{" ".join([*path(run.low), *reversed(path(run.high))])}"/>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = place(1, share)
        parts.append(f'<path d="M{left} {y:.1f}H{left + across}" class="axis"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
    for k in (2**i for i in range(0, longest.bit_length(), 1 + longest.bit_length() // 10)):
        x, _ = place(k, 0)
        parts.append(f'<text x="{x:.1f}" y="{height - 14}" text-anchor="middle">{k}</text>')
    lines = [*((f"round {i + 1}", f"round-{i % 6}", curve) for i, curve in enumerate(rounds)), ("run", "run", run)]
    for _, style, curve in lines:
        points = path(curve.value)
        # A single point is no line: make it a dot.
        end = (
            f'<circle class="{style}" cx="{points[-1].split(",")[0]}" cy="{points[-1].split(",")[1]}" r="3"/>'
            if points
            else ""
        )
        parts.append(f'<polyline class="{style}" points="{" ".join(points)}"/>{end}')
    key = " ".join(f'<span class="{style}">● {label}</span>' for label, style, _ in lines)
    fewest = run.every_task_to
    note = "" if fewest == longest else f"; beyond {fewest}, tasks with fewer programs count with all they have"
    says = f"from {run.value[0]:.3g} with one program to {run.value[-1]:.3g} with {longest}"
    return Markup(
        f'<svg class="passes" width="{width}" height="{height}" role="img" aria-label="{says}">{"".join(parts)}</svg>'
        f'<br><small class="key">{key}, with its 95 % interval, over k programs{note}</small>'
    )


def found_svg(lines: Mapping[str, Sequence[float]]) -> Markup:
    """Name → share of tasks that are solved after n programs each, n = 0, 1, …: one curve per name, in one picture.

    The highest share is at the top, and its axis says how much that is.
    """
    longest = max(map(len, lines.values())) - 1
    top_share = max(0.05, *(max(line) for line in lines.values()))
    width, height, left, top = 640, 320, 46, 10
    across, down = width - left - 14, height - top - 34

    def place(n: float, share: float) -> tuple[float, float]:
        return left + across * n / max(1, longest), top + down * (1 - share / top_share)

    parts = []
    for quarter in range(5):
        share, n = top_share * quarter / 4, longest * quarter / 4
        _, y = place(0, share)
        x, _ = place(n, 0)
        parts.append(f'<path d="M{left} {y:.1f}H{left + across}" class="axis"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
        parts.append(f'<text x="{x:.1f}" y="{height - 14}" text-anchor="middle">{n:.0f}</text>')
    for number, line in enumerate(lines.values()):
        # Steps: between two programs nothing is found.
        steps = [line[0], *(share for share in line[1:] for _ in range(2))]
        points = " ".join("{:.1f},{:.1f}".format(*place((i + 1) // 2, share)) for i, share in enumerate(steps))
        parts.append(f'<polyline class="round-{number % 6}" points="{points}"/>')
    key = " ".join(f'<span class="round-{number % 6}">● {escape(name)}</span>' for number, name in enumerate(lines))
    says = "; ".join(f"{escape(name)}: {100 * line[-1]:.1f} % after {len(line) - 1}" for name, line in lines.items())
    return Markup(
        f'<svg class="passes" width="{width}" height="{height}" role="img" aria-label="{says}">{"".join(parts)}</svg>'
        f'<br><small class="key">{key}: tasks with a right program, over the programs sampled for each</small>'
    )


def page_templates() -> jinja2.Environment:
    """Where ``report.html`` and ``comparison.html`` come from."""
    folder = files("arcloop.report") / "templates"
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
