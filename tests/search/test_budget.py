"""What may be spent, and until when."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import BudgetConfig
from arcloop.errors import ConfigError
from arcloop.records import Pair, Task
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.rundir import Place
from arcloop.search.budget import Budget, DeadlineError, moment
from tests.arc_grids import grid


def places(rounds: int, *sizes: int) -> list[Place]:
    """Those of a run whose groups have so many tasks each."""
    found, ahead, of = [], rounds * sum(sizes), sum(sizes)
    for round_ in range(rounds):
        for index, size in enumerate(sizes):
            task = Task("t", (Pair(grid("1"), grid("1")),), (grid("1"),))
            part = (sum(sizes[:index]), sum(sizes[: index + 1]), of)
            found.append(Place(round_, index, [task] * size, GroupDir(Path("none")), ahead, rounds - round_, part))
            ahead -= size
    return found


def test_a_budget_is_spread_evenly_and_what_a_group_leaves_goes_to_its_later_rounds() -> None:
    first, second, again, last = places(2, 15, 5)
    budget = Budget(BudgetConfig(programs=100, tokens=1000))
    assert (budget.part(second, learns=False).programs, budget.part(second, learns=False).tokens) == (12, 125)
    budget.spend(second.index, 10, 125, 1.0)
    assert (budget.part(last, learns=False).programs, budget.part(last, learns=False).tokens) == (15, 125)
    # Another group has what it had, whatever this one spends.
    assert budget.part(first, learns=False).programs == 37 and budget.part(again, learns=False).programs == 75
    assert not budget.over(second)
    budget.spend(second.index, 15, 0, 1.0)
    assert budget.part(last, learns=False).empty and budget.over(second) and not budget.over(first)


@given(st.integers(1, 400), st.lists(st.integers(1, 5), min_size=1, max_size=9), st.integers(1, 4))
def test_the_parts_of_all_groups_and_rounds_are_together_the_budget(
    programs: int, sizes: list[int], rounds: int
) -> None:
    budget = Budget(BudgetConfig(programs=programs))
    spent = 0
    for place in places(rounds, *sizes):
        part = budget.part(place, learns=False).programs
        assert part is not None and part >= 0
        budget.spend(place.index, part, 0, 0.0)
        spent += part
    assert spent == programs


def test_without_a_budget_nothing_is_limited() -> None:
    place = places(1, 5, 5)[0]
    part = Budget(BudgetConfig()).part(place, learns=True)
    assert not part.empty and not part.spent(10**12, 1e12) and not Budget(BudgetConfig()).over(place)


def test_time_is_kept_for_learning() -> None:
    budget, place = Budget(BudgetConfig(seconds=100)), places(4, 1)[0]
    assert budget.part(place, learns=True).seconds == 25
    budget.spend_learning(4)
    assert budget.part(place, learns=True).seconds == 20
    assert budget.part(place, learns=False).seconds == 24
    budget.spend_learning(80)
    assert budget.part(place, learns=True).seconds == 2  # never more than half
    part = budget.part(place, learns=False)
    assert part.spent(0, 4.1) and not part.spent(0, 3.9)


def test_time_is_kept_for_each_learning_that_is_put_off() -> None:
    budget, place = Budget(BudgetConfig(seconds=100)), places(4, 1)[0]
    budget.spend_learning(4)
    for _ in range(2):
        budget.put_off_learning()
    assert budget.part(place, learns=False).seconds == (100 - 4 - 2 * 4) / 4
    for _ in range(2):
        budget.spend_learning(5)
    assert budget.part(place, learns=False).seconds == (100 - 4 - 2 * 5) / 4


def test_a_share_of_the_tasks_has_its_share_of_the_seconds() -> None:
    budget, place = Budget(BudgetConfig(seconds=100), share=0.25), places(1, 1)[0]
    assert budget.part(place, learns=False).seconds == 25
    budget.spend(0, 1, 1, 26.0)
    assert budget.over(place)


def test_a_deadline_is_a_moment() -> None:
    now = [0.0]
    budget = Budget(BudgetConfig(), 10.0, lambda: now[0])
    budget.check()
    now[0] = 10.0
    assert budget.late
    with pytest.raises(DeadlineError):
        budget.check()


def test_a_deadline_is_given_in_seconds_or_as_a_time() -> None:
    assert moment("90", 1000.0) == 1090
    assert moment("2026-05-01T18:30", 0.0) == datetime(2026, 5, 1, 18, 30).timestamp()
    assert moment("2026-05-01T18:30:00+00:00", 0.0) == 1777660200
    with pytest.raises(ConfigError, match=r"--deadline soon: .*expected seconds from now"):
        moment("soon", 0.0)
