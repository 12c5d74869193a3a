"""Time is over when it is told, or when the deadline has come."""

import pytest

from arcloop.cluster.purse import Purse
from arcloop.config import BudgetConfig
from arcloop.search.budget import DeadlineError


def test_time_is_over_when_it_is_told_or_the_deadline_has_come() -> None:
    purse = Purse(BudgetConfig(), 1.0)
    purse.check()
    purse.end()
    with pytest.raises(DeadlineError):
        purse.check()
    assert Purse(BudgetConfig(), 1.0, deadline=5.0, clock=lambda: 5.0).late
    assert not Purse(BudgetConfig(), 1.0, deadline=5.0, clock=lambda: 4.9).late
