"""What a plan predicts: time over devices, programs that fit, and what is used up first."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.evaluation.planning import Rates, Work, groups_of, limits, plan, programs_that_fit

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
