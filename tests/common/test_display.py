import re

import numpy as np

from arcloop.common import show_colored_grid, visualize


def plain_text(printed):
    return re.sub(r"\x1b\[[0-9;]*m", "", printed)


def test_show_colored_grid_prints_y_as_rows(capsys):
    show_colored_grid(np.array([[1, 2, 3], [4, 5, 6]]))
    assert plain_text(capsys.readouterr().out).split("\n") == ["1 4 ", "2 5 ", "3 6 ", ""]


def test_visualize_counts_failures_and_stops_at_enough_examples(capsys):
    calls = []

    def generate():
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("no luck")
        return np.array([[1]])

    visualize(generate, lambda grid: grid + 1, n_examples=2)
    printed = plain_text(capsys.readouterr().out)
    assert len(calls) == 3
    assert printed.count("input:") == 2 and "2 shown, 1 failed" in printed and "RuntimeError: no luck" in printed


def test_visualize_gives_up_after_its_attempts(capsys):
    visualize(lambda: np.array([[1]]), lambda grid: grid[5], n_attempts=4)
    assert "0 shown, 4 failed" in capsys.readouterr().out
