"""The table that a run ends with."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from arcloop.cli.table import print_numbers
from arcloop.evaluation.metrics import curves, summarize, task_numbers
from arcloop.runs.numbers import RoundHealth, RunCurves, RunNumbers
from tests.arc_grids import FLIP, candidate


def numbers(rounds: int) -> RunNumbers:
    """Of so many rounds with four programs each, one of them right."""
    right = [pair.output for pair in FLIP.train] + list(FLIP.test_inputs)
    found = candidate(FLIP, right, name="a")
    each = [task_numbers(FLIP, "abcd", [found], FLIP.test_inputs) for _ in range(rounds)]
    total = each[0]
    for one in each[1:]:
        total += one
    return RunNumbers(
        groups_done=rounds,
        seconds=1.0,
        rounds=tuple(replace(summarize([one]), programs=1000 + i) for i, one in enumerate(each, 1)),
        health=tuple(RoundHealth(i, i, i, i, i, i, i, i, i, {"cut": i}) for i in range(1, rounds + 1)),
        run=summarize([total], {"flip": [True, False]}),
        solved_at_2_interval=(0.25, 0.75),
        curves=RunCurves(tuple(curves([one]) for one in each), curves([total])),
        tasks={},
    )


def printed(rounds: int, width: int) -> list[str]:
    out = io.StringIO()
    print_numbers(numbers(rounds), Console(file=out, width=width))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [48, 60, 80, 120, 200, 300])
@pytest.mark.parametrize("rounds", [1, 2, 3, 8, 36])
def test_no_number_is_cut_however_many_rounds_there_are(rounds: int, width: int) -> None:
    lines = printed(rounds, width)
    assert not any("…" in line for line in lines)
    shown = [int(word) for word in lines[0].split() if word.isdigit()]
    assert shown == sorted(set(shown)) and set(shown) <= set(range(1, rounds + 1))
    assert len(shown) == min(rounds, (width - 44) // 12)
    if len(shown) > 1:
        assert (shown[0], shown[-1]) == (1, rounds)
    assert lines[1].split()[1:-1] == [str(1000 + i) for i in shown]
    assert "50.00 % (25.0–75.0)" in "\n".join(lines)


def test_intervals_are_those_of_the_run() -> None:
    (pass_at_2,) = (line for line in printed(2, 200) if line.startswith("pass@2"))
    assert pass_at_2.count("(") == 1 and pass_at_2.rstrip().endswith(")")


def test_completions_without_a_program_are_counted_by_reason() -> None:
    lines = {line[:19].strip(): line[19:].split() for line in printed(3, 200)}
    assert lines["cut at the limit"] == ["1", "2", "3", "6"]
    assert "no code" not in lines
