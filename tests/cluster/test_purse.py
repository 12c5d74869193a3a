"""A group's part of a budget: that of one process where all spend what they may, whoever comes when."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from arcloop.cluster.purse import Purse
from arcloop.config import BudgetConfig
from arcloop.search.budget import Budget

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=5)


def places(sizes: list[int], rounds: int) -> list[tuple[int, int, int]]:
    """Group, tasks, and tasks × rounds ahead, in the order of a run."""
    flat = [(index, size) for _ in range(rounds) for index, size in enumerate(sizes)]
    total = rounds * sum(sizes)
    done = [0, *accumulate(size for _, size in flat)]
    return [(index, size, total - before) for (index, size), before in zip(flat, done, strict=False)]


@given(SIZES, st.integers(1, 4), st.integers(1, 500), st.integers(1, 500))
def test_who_spends_all_gets_what_one_process_gets(sizes: list[int], rounds: int, programs: int, tokens: int) -> None:
    config = BudgetConfig(programs=programs, tokens=tokens, seconds=10.0)
    one = Budget(config)
    purses = [Purse(config, sizes, rounds, index) for index in range(len(sizes))]
    for index, tasks, ahead in places(sizes, rounds):
        alone, own = one.part(tasks, ahead, learns=False), purses[index].part(tasks, ahead, learns=False)
        assert (alone.programs, alone.tokens) == (own.programs, own.tokens)
        assert alone.seconds is not None and own.seconds is not None and abs(alone.seconds - own.seconds) < 1e-9
        for budget in (one, purses[index]):
            budget.spend(own.programs or 0, own.tokens or 0, own.seconds)


@given(SIZES, st.integers(1, 4), st.integers(1, 500), st.data())
def test_all_together_never_spend_more_than_there_is(
    sizes: list[int], rounds: int, programs: int, data: st.DataObject
) -> None:
    config = BudgetConfig(programs=programs)
    purses = [Purse(config, sizes, rounds, index) for index in range(len(sizes))]
    spent = 0
    for index, tasks, ahead in places(sizes, rounds):
        part = purses[index].part(tasks, ahead, learns=False).programs
        assert part is not None and part >= 0
        spends = data.draw(st.integers(0, part))
        purses[index].spend(spends, 0, 0.0)
        spent += spends
    assert spent <= programs


def test_what_a_group_leaves_goes_to_its_own_later_rounds() -> None:
    config = BudgetConfig(programs=60, seconds=60.0)
    purse, other = (Purse(config, [1, 1], 3, index) for index in range(2))
    purse.spend(0, 0, 4.0)
    assert purse.part(1, 4, learns=True).programs == 10 + 10 // 2
    assert purse.part(1, 4, learns=False).seconds == 10 + 6 / 2
    assert other.part(1, 3, learns=False).programs == 10 + 10 // 2  # it spent nothing either
    purse.spend_learning(5.0)
    assert purse.part(1, 4, learns=True).seconds == 10 + 1 / 2 - 5


def test_time_is_over_when_it_is_told_or_the_deadline_has_come() -> None:
    purse = Purse(BudgetConfig(), [1], 1, 0)
    assert not purse.late
    purse.end()
    assert purse.late
    assert Purse(BudgetConfig(), [1], 1, 0, deadline=5.0, clock=lambda: 5.0).late
