"""What a plan predicts: time over devices, programs that fit, and what is used up first."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.evaluation.planning import Rates, Searched, Work, groups_of, limits, plan, programs_that_fit, search_rates

RATES = Rates(
    start=10.0,
    completion=0.1,
    learning=3.0,
    rest=0.5,
    outcome=0.001,
    submission=0.02,
    cpu=0.05,
    files=9,
    bytes=900,
    file=0.01,
)
WORK = Work((20,) * 20, 2, 50)


def test_one_device_does_all_that_there_is_one_after_the_other() -> None:
    place = 20 * 50 * 0.1 + 0.5 + 0.02
    expected = 10 + 40 * place + 20 * 20 * 3.0 + 0.001 * WORK.completions
    found = plan(WORK, RATES, 1)
    assert found.total == pytest.approx(expected) and found.devices == 1 and found.waiting == 0
    assert found.busy == pytest.approx((40 * 100 + 1200) / (expected - 0.001 * WORK.completions))


def test_more_devices_than_groups_are_idle() -> None:
    assert plan(WORK, RATES, 20).total == plan(WORK, RATES, 1000).total
    assert plan(WORK, RATES, 1000).devices == 20


def test_a_thousand_groups_on_two_hundred_devices_take_a_two_hundredth_until_the_submission_is_what_is_waited_for() -> (
    None
):
    work = Work((1,) * 1000, 2, 512)
    one, many = plan(work, RATES, 1), plan(work, RATES, 200)
    start, end = RATES.start, RATES.outcome * work.completions
    ideal = (one.total - start - end) / 200
    assert ideal <= many.total - start - end < 1.05 * ideal
    assert many.waiting > 0
    # Each writing of the submission takes so long that 200 devices have no time for all of theirs.
    slow = dataclasses.replace(RATES, submission=1.0)
    (first, *_) = limits(work, slow, 200, 64)
    assert first.name.startswith("driver") and first.devices < 200
    waited = plan(work, slow, 200)
    assert waited.total - start - end >= 2 * 1000 * 1.0 and waited.busy < 0.9 * many.busy


def test_groups_with_longer_prompts_take_longer() -> None:
    rates = dataclasses.replace(RATES, token=0.001, length=100.0)
    work = dataclasses.replace(WORK, groups=(2, 2), lengths=(100.0, 500.0))
    place = 2 * (0.5 + 0.02) + 50 * (4 * 0.1 + 600 * 0.001)
    expected = 10 + 2 * place + 3.0 * (100 + 500) / 100 + 0.001 * work.completions
    assert plan(work, rates, 1).total == pytest.approx(expected)
    # With nothing known of their lengths, they are as those that were measured.
    unknown = dataclasses.replace(work, lengths=())
    assert plan(unknown, rates, 1).total == pytest.approx(plan(unknown, RATES, 1).total)


@given(st.floats(1e-3, 1.0), st.floats(0, 1e-3), st.lists(st.integers(50, 5000), min_size=2, max_size=6))
def test_rates_are_found_again_where_lengths_differ(completion: float, token: float, means: list[int]) -> None:
    searches = [Searched(4, 32, 4.0 * mean, 32 * (4 * completion + 4 * mean * token)) for mean in means]
    found = search_rates(searches)
    for one in searches:
        told = one.programs * (found[0] * one.tasks + found[1] * one.length)
        assert told == pytest.approx(one.seconds, rel=1e-6 if max(means) >= 1.25 * min(means) else 0.25)
    if max(means) >= 1.25 * min(means):
        assert found == pytest.approx((completion, token), rel=1e-4, abs=1e-9)


def test_rates_give_all_searches_the_time_that_they_took() -> None:
    searches = [Searched(2, 10, 200.0, 4.0), Searched(2, 10, 400.0, 9.0), Searched(3, 10, 900.0, 11.0)]
    completion, token = search_rates(searches)
    told = [one.programs * (completion * one.tasks + token * one.length) for one in searches]
    assert sum(told) == pytest.approx(24.0)


def test_searches_of_one_length_have_one_rate() -> None:
    assert search_rates([Searched(2, 10, 200.0, 4.0), Searched(2, 10, 220.0, 6.0)]) == (pytest.approx(0.25), 0.0)
    assert search_rates([]) == (0.0, 0.0)


@given(
    st.integers(1, 60),
    st.integers(1, 3),
    st.integers(1, 40),
    st.floats(20, 1e5),
    st.sampled_from([1, 3, 8]),
    st.booleans(),
)
def test_what_fits_is_the_most_that_fits(
    tasks: int, rounds: int, devices: int, seconds: float, size: int, learns: bool
) -> None:
    rates = RATES if learns else dataclasses.replace(RATES, learning=None)
    work = Work(groups_of(tasks, size), rounds, 1)
    fits = programs_that_fit(work, rates, devices, seconds)
    assert plan(dataclasses.replace(work, programs=fits + 1), rates, devices).total > seconds
    assert fits == 0 or plan(dataclasses.replace(work, programs=fits), rates, devices).total <= seconds


def test_what_is_used_up_first_comes_first() -> None:
    found = limits(WORK, RATES, 4, 8)
    assert [limit.devices for limit in found] == sorted(limit.devices for limit in found)
    assert {limit.name for limit in found} == {"file system", "driver (the submission)", "executor"}
    assert next(limit for limit in found if limit.name == "executor").devices == math.inf
    busy = dataclasses.replace(RATES, cpu=5.0)
    assert limits(WORK, busy, 4, 8)[0].name == "executor"


def test_groups_are_those_of_a_run() -> None:
    assert groups_of(45, 20) == (20, 20, 5) and groups_of(45, 0) == (45,) and groups_of(3, 1) == (1, 1, 1)
