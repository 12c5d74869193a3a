"""An epoch's order: every row as often as its source's weight says, tasks evenly spread, the same each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.errors import ConfigError
from arcloop.training.order import epoch_order

TASKS = st.lists(st.integers(0, 6), max_size=120)
SEEDS = st.integers(0, 2**40)


@given(tasks=TASKS, seed=SEEDS, epoch=st.integers(0, 9))
def test_at_weight_1_an_epoch_takes_every_row_once(tasks: list[int], seed: int, epoch: int) -> None:
    order = epoch_order(np.array(tasks, dtype=int), [0] * len(tasks), [1.0], seed, epoch)
    assert sorted(order.tolist()) == list(range(len(tasks)))


@given(tasks=TASKS.filter(bool), seed=SEEDS)
def test_every_stretch_from_the_start_has_its_share_of_every_task(tasks: list[int], seed: int) -> None:
    codes = np.array(tasks)
    ordered = codes[epoch_order(codes, [0] * len(tasks), [1.0], seed, 0)]
    rows, kinds = len(tasks), len(set(tasks))
    for task in set(tasks):
        count = np.cumsum(ordered == task)
        share = count[-1] / rows
        assert np.all(np.abs(count - share * np.arange(1, rows + 1)) <= 1 + share * kinds)


@given(
    sources=st.lists(st.integers(0, 2), min_size=1, max_size=90),
    weights=st.tuples(*[st.floats(0.01, 4)] * 3),
    seed=SEEDS,
)
def test_a_source_is_taken_as_often_as_its_weight_says(
    sources: list[int], weights: tuple[float, ...], seed: int
) -> None:
    order = epoch_order(np.arange(len(sources)) % 5, sources, weights, seed, 1)
    times = np.bincount(order, minlength=len(sources))
    for source in set(sources):
        own = times[np.array(sources) == source]
        assert own.sum() == max(1, int(weights[source] * len(own) + 0.5))
        assert own.max() - own.min() <= 1


def test_the_same_seed_and_epoch_give_the_same_order_and_others_another() -> None:
    tasks = [f"t{k % 7}" for k in range(100)]
    codes = np.array([k % 7 for k in range(100)], dtype=np.int32)
    orders = {
        (seed, epoch): tuple(epoch_order(tasks, [0] * 100, [1.0], seed, epoch).tolist())
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(set(orders.values())) == 4
    assert tuple(epoch_order(codes, np.zeros(100, dtype=np.int32), [1.0], 1, 1).tolist()) == orders[1, 1]


def test_the_order_of_a_seed_stays_what_it_was() -> None:
    order = epoch_order(list("aaabbc"), [0, 0, 1, 1, 0, 1], [1.0, 1.5], 7, 2)
    assert order.tolist() == [1, 2, 3, 0, 4, 2, 5, 3]


def test_a_share_is_drawn_anew_for_each_epoch_and_reaches_every_row() -> None:
    epochs = [frozenset(epoch_order(["t"] * 20, [0] * 20, [0.5], 3, epoch).tolist()) for epoch in range(20)]
    assert {len(taken) for taken in epochs} == {10}
    assert len(set(epochs)) > 10
    assert frozenset.union(*epochs) == set(range(20))


def test_the_two_times_that_a_row_is_taken_lie_in_different_halves_of_its_task() -> None:
    order = epoch_order(["t"] * 50, [0] * 50, [2.0], 3, 0).tolist()
    assert sorted(order) == sorted([*range(50)] * 2)
    assert len(set(order)) == 50
    first = [order.index(row) for row in range(50)]
    second = [99 - order[::-1].index(row) for row in range(50)]
    assert max(first) < 50 <= min(second)


@pytest.mark.parametrize("weights", [[0.0], [-1.0], [float("nan")], [float("inf")]])
def test_a_weight_that_takes_no_share_is_refused(weights: list[float]) -> None:
    with pytest.raises(ConfigError, match=r"the weight of training set 0 is .*; expected more than 0"):
        epoch_order(["t", "t"], [0, 0], weights, 0, 0)


def test_a_source_without_a_weight_is_refused() -> None:
    with pytest.raises(ConfigError, match="1 weights for 2 training sets"):
        epoch_order(["t", "t"], [0, 1], [1.0], 0, 0)
