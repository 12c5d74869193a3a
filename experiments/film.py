"""A task of a run as a film: the best program's output after each round, beside the picture that is asked for.

    python -m experiments.film RUN --task drawing-squares-12 [--rounds 1 2 4 8] --out docs/film.svg

Reads the run's folder and the task set's answers, and writes one SVG picture. Each frame shows what the best program so far
(by correct train grids, then by right cells) gives for the first test input, with the share of cells that are right.
"""

import argparse
from pathlib import Path

from arcloop import Run, load_answers
from arcloop.records import Candidate, Grid
from arcloop.report.palette import PALETTE
from arcloop.scoring import pixel_similarity, ranked
from arcloop.tasks.augment import original_outputs

SIDE = 150
"""Pixels of a frame."""
GAP = 18


def frames(run: Run, task_id: str, rounds: list[int]) -> list[tuple[str, Grid]]:
    """Caption and output of the best program so far, after each of the rounds (counted from 1)."""
    (task,) = (task for task in run.tasks if task.id == task_id)
    answer = load_answers(run.config.tasks)[task_id][0]
    found: dict[int, list[Candidate]] = {}
    for candidate in run.candidates(task_id):
        round_ = int(candidate.program.completion_id.split("/")[0].removeprefix("r")) + 1
        found.setdefault(round_, []).append(candidate)
    shown = []
    for last in rounds:
        so_far = [c for round_, some in found.items() if round_ <= last for c in some]
        best = [c for c in ranked(so_far) if c.execution.outputs[len(task.train)] is not None][-1]
        output = original_outputs(best.augmentation, best.execution.outputs, len(task.train))[len(task.train)]
        share = pixel_similarity(output, answer)
        shown.append((f"round {last}: {100 * share:.0f} % right", output))
    return [*shown, ("what is asked for", answer)]


def svg(shown: list[tuple[str, Grid]], title: str) -> str:
    """The frames side by side."""
    tallest = max(grid.shape[0] * SIDE / max(grid.shape) for _, grid in shown)
    parts = []
    for number, (caption, grid) in enumerate(shown):
        x = GAP + number * (SIDE + GAP)
        height, width = grid.shape
        side = SIDE / max(height, width)
        inner = grid_svg(grid).replace("<svg ", f'<svg x="{x}" y="{GAP}" ', 1)
        cell = 8
        inner = inner.replace(
            f'width="{width * cell}" height="{height * cell}"',
            f'width="{width * side:.0f}" height="{height * side:.0f}"',
            1,
        )
        parts.append(f'{inner}<text x="{x}" y="{GAP + height * side + 20:.0f}">{caption}</text>')
    full = GAP + len(shown) * (SIDE + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full}" height="{tallest + 3 * GAP:.0f}" role="img" aria-label="{title}" '
        f'font-family="sans-serif" font-size="13" fill="#777">{"".join(parts)}</svg>\n'
    )


def grid_svg(grid: Grid, cell: int = 8) -> str:
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
    return (
        f'<svg width="{width * cell}" height="{height * cell}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="grid of {height} by {width} cells" shape-rendering="crispEdges">{"".join(parts)}'
        f'<path d="{lines}" stroke="#555" stroke-width="0.06"/></svg>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--task", required=True)
    parser.add_argument("--rounds", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    run = Run(options.run)
    title = f"{options.task}: the best program's output after some rounds of search and learning"
    options.out.write_text(svg(frames(run, options.task, options.rounds), title))


if __name__ == "__main__":
    main()
