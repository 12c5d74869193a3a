"""Looking at grids while writing a program: one grid, or a generator and its transformation."""

import importlib
from collections.abc import Callable
from typing import Any

from .grids import Grid

RGB = (
    (0, 0, 0),
    (0, 116, 217),
    (255, 65, 54),
    (46, 204, 64),
    (255, 220, 0),
    (170, 170, 170),
    (240, 18, 190),
    (255, 133, 27),
    (127, 219, 255),
    (135, 12, 37),
)


def show_colored_grid(grid: Grid, text: Any = True) -> None:
    """Print a grid as coloured digits, y being the printed row.

    grid: (n, m) of colours 0..9, not changed. text=False opens a matplotlib window instead (ImportError
    without matplotlib).
    """
    if not text:
        plt: Any = importlib.import_module("matplotlib.pyplot")
        plt.imshow([[RGB[color] for color in row] for row in grid.T.tolist()])
        plt.show()
        return
    for row in grid.T.tolist():
        print("".join(_colored(color) for color in row))


def _colored(color: int) -> str:
    """The colour's digit on a patch of that colour, as an ANSI sequence."""
    r, g, b = RGB[color]
    digit = 0 if r + g + b > 255 else 255
    return f"\x1b[48;2;{r};{g};{b}m\x1b[38;2;{digit};{digit};{digit}m{color} \x1b[0m"


def visualize(
    input_generator: Callable[[], Grid], transform: Callable[[Grid], Grid], n_examples: int = 5, n_attempts: int = 100
) -> None:
    """Print example pairs from an input generator and a transformation, then how many attempts failed.

    Calls both up to ``n_attempts`` times until ``n_examples`` pairs succeeded. Exceptions of either are counted,
    not raised.
    """
    shown = 0
    failures: dict[str, int] = {}
    for _ in range(n_attempts):
        if shown >= n_examples:
            break
        try:
            grid = input_generator()
            output = transform(grid.copy())
            print("input:")
            show_colored_grid(grid)
            print("output:")
            show_colored_grid(output)
            shown += 1
        except Exception as error:
            name = f"{type(error).__name__}: {error}"
            failures[name] = failures.get(name, 0) + 1
    print(f"{shown} shown, {sum(failures.values())} failed")
    for name, times in failures.items():
        print(f"{times} x {name}")
