"""Grids, tasks and programs as a terminal shows them, and as an SVG or a PNG keeps them."""

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import numpy as np
from rich.cells import cell_len
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from arcloop.errors import ConfigError
from arcloop.files import write_bytes
from arcloop.records import Augmentation, Candidate, Grid, Task
from arcloop.report.palette import PALETTE
from arcloop.tasks.augment import apply_task

__all__ = ["grid_text", "printable", "program_picture", "save", "task_picture"]

_DARK = (0, 1, 2, 6, 9)
"""Colours on which a digit is white."""


_WIDEST = 280
"""Columns of a picture: four grids of 30 fit beside each other."""
_NOTHING = Text("no grid", style="red")
_ZOOM = 2
"""Pixels of a PNG for one of the SVG, so that letters are sharp."""
_MOST_PIXELS = 50_000_000
"""Of a PNG, whose pixels take four bytes each while it is made: a program may have thousands of lines."""
_LETTER = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="16" font-family="monospace">W</text></svg>'
)


def grid_text(grid: Grid) -> Text:
    """A grid in its colours; two columns a cell make it square, and the digit is for terminals without colours."""
    text = Text()
    for row in grid.tolist():
        for cell in row:
            text.append(f"{cell} ", style=_cell(cell))
        text.append("\n")
    return text


def difference(output: Grid | None, expected: Grid) -> Text:
    """Where an output is wrong: right cells as dots, the wrong ones with the colour that was given."""
    if output is None:
        return _NOTHING
    if output.shape != expected.shape:
        (height, width), (high, wide) = output.shape, expected.shape
        return Text(f"{height}×{width}, not {high}×{wide}", style="red")
    if np.array_equal(output, expected):
        return Text("right", style="green")
    text = Text()
    for row, wanted in zip(output.tolist(), expected.tolist(), strict=True):
        for cell, right in zip(row, wanted, strict=True):
            text.append(*(("· ", "dim") if cell == right else (f"{cell}×", f"bold {_cell(cell)}")))
        text.append("\n")
    wrong = int((output != expected).sum())
    return text.append(f"{wrong} of {expected.size} cells wrong", style="red")


def task_picture(task: Task) -> Iterator[RenderableType]:
    """The pairs of a task, then its test inputs."""
    for number, pair in enumerate(task.train, 1):
        yield _beside({f"train {number}: input": grid_text(pair.input), "output": grid_text(pair.output)})
    for number, grid in enumerate(task.test_inputs, 1):
        yield _beside({f"test input {number}": grid_text(grid)})


def program_picture(candidate: Candidate, original: Task) -> Iterator[RenderableType]:
    """A program with its source, and what it gave for each input beside what was to come, in the frame that it was written in."""
    program, execution, score = candidate.program, candidate.execution, candidate.score
    task = apply_task(candidate.augmentation, original)
    right = f"{sum(score.correct)} of {len(score.correct)} train grids right, {100 * score.pixels:.1f} % of their cells"
    yield Text(f"{program.completion_id}  program {program.id}", style="bold")
    yield Text(f"{execution.status.value} · {right}{_framed(candidate.augmentation)}")
    if execution.error:
        yield Text(printable(execution.error), style="red")
    yield Syntax(printable(program.source).rstrip("\n"), "python", background_color="default", word_wrap=True)
    for number, (pair, output) in enumerate(zip(task.train, execution.outputs, strict=False), 1):
        yield _beside(
            {
                f"train {number}: input": grid_text(pair.input),
                "expected": grid_text(pair.output),
                "output": _NOTHING if output is None else grid_text(output),
                "difference": difference(output, pair.output),
            }
        )
    for number, (grid, output) in enumerate(
        zip(task.test_inputs, execution.outputs[len(task.train) :], strict=True), 1
    ):
        given = _NOTHING if output is None else grid_text(output)
        yield _beside({f"test {number}: input": grid_text(grid), "output": given})


def printable(text: str) -> str:
    """A text that somebody's model wrote, without what would move the cursor or change the terminal."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text.expandtabs(4)
    )


def save(parts: Sequence[RenderableType], path: Path, title: str) -> None:
    """Keep as a picture what a terminal shows: as an SVG, which needs no other file, or a PNG; it is as wide as what is in it.

    Raises:
        ConfigError: it cannot be written there, its name asks for another kind of file, or a PNG cannot be made.
    """
    if path.suffix not in (".svg", ".png"):
        raise ConfigError(f"--save {path}: expected a name that ends in .svg or .png — pass another")
    draft = StringIO()
    Console(width=_WIDEST, file=draft, color_system=None).print(*parts, sep="\n")
    widest = max(cell_len(line.rstrip()) for line in [title + " " * 20, *draft.getvalue().split("\n")])
    paper = Console(width=widest + 1, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    for part in parts:
        paper.print(part)
    # The fonts would be fetched from a server; any monospaced one will do.
    svg = re.sub(r"@font-face \{[^}]*\}", "", paper.export_svg(title=title))
    content = _png(svg, path) if path.suffix == ".png" else svg.encode()
    try:
        write_bytes(path, content)
    except OSError as error:
        raise ConfigError(
            f"--save {path}: {error.strerror}; expected a file that can be written — pass another"
        ) from None


def _png(svg: str, path: Path) -> bytes:
    """The picture in pixels.

    Raises:
        ConfigError: there is nothing to make it with, no font to write with, or it is too large.
    """
    instead = "or pass a name that ends in .svg"
    try:
        from resvg_py import svg_to_bytes  # here: it has no build for some processors
    except ImportError as error:
        raise ConfigError(f"--save {path}: {error}; expected resvg_py — pip install resvg_py, {instead}") from None
    _, _, width, height = (float(number) for number in re.findall(r'viewBox="([^"]*)"', svg)[0].split())
    if width * height * _ZOOM**2 > _MOST_PIXELS:
        raise ConfigError(
            f"--save {path}: {_ZOOM * width:.0f} × {_ZOOM * height:.0f} pixels; expected at most {_MOST_PIXELS:,} "
            "— pass a name that ends in .svg"
        )
    # Without a font, letters would be left out silently.
    if svg_to_bytes(svg_string=_LETTER) == svg_to_bytes(svg_string=_LETTER.replace("W", "")):
        raise ConfigError(
            f"--save {path}: no monospaced font on this machine; expected one — apt-get install fonts-dejavu-core, {instead}"
        )
    return svg_to_bytes(svg_string=svg, zoom=_ZOOM)


def _beside(parts: dict[str, Text]) -> Columns:
    """Texts under their titles, side by side as far as there is room."""
    return Columns([Group(Text(title, style="bold"), text) for title, text in parts.items()], padding=(0, 2))


def _cell(color: int) -> str:
    return f"{'white' if color in _DARK else 'black'} on {PALETTE[color]}"


def _framed(frame: Augmentation) -> str:
    if frame == Augmentation(order=frame.order):
        return ""
    turned = [f"dihedral {frame.dihedral}"] if frame.dihedral else []
    recoloured = [f"colours {''.join(map(str, frame.colors))}"] if frame.colors != Augmentation().colors else []
    return f" · written for the task in another frame ({', '.join(turned + recoloured)}), which is shown"
