"""What may be spent, and until when."""

from datetime import datetime

import pytest

from arcloop.config import BudgetConfig
from arcloop.errors import ConfigError
from arcloop.search.budget import Budget, DeadlineError, moment


def test_a_budget_is_spread_evenly_and_what_is_left_goes_on() -> None:
    budget = Budget(BudgetConfig(programs=100, tokens=1000))
    assert (budget.part(5, 20, learns=False).programs, budget.part(5, 20, learns=False).tokens) == (25, 250)
    budget.spend(10, 250, 1.0)
    assert (budget.part(5, 15, learns=False).programs, budget.part(5, 15, learns=False).tokens) == (30, 250)
    budget.spend(90, 0, 1.0)
    assert budget.part(5, 10, learns=False).empty


def test_without_a_budget_nothing_is_limited() -> None:
    part = Budget(BudgetConfig()).part(5, 20, learns=True)
    assert not part.empty and not part.spent(10**12, 1e12)


def test_time_is_kept_for_learning() -> None:
    budget = Budget(BudgetConfig(seconds=100))
    assert budget.part(1, 4, learns=True).seconds == 25
    budget.spend_learning(4)
    assert budget.part(1, 4, learns=True).seconds == 20
    assert budget.part(1, 4, learns=False).seconds == 24
    budget.spend_learning(80)
    assert budget.part(1, 4, learns=True).seconds == 2  # never more than half
    part = budget.part(1, 4, learns=False)
    assert part.spent(0, 4.1) and not part.spent(0, 3.9)


def test_time_is_kept_for_each_learning_that_is_put_off() -> None:
    budget = Budget(BudgetConfig(seconds=100))
    budget.spend_learning(4)
    for _ in range(2):
        budget.put_off_learning()
    assert budget.part(1, 4, learns=False).seconds == (100 - 4 - 2 * 4) / 4
    for _ in range(2):
        budget.spend_learning(5)
    assert budget.part(1, 4, learns=False).seconds == (100 - 4 - 2 * 5) / 4


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
