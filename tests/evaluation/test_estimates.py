"""pass@k, intervals and paired tests against what defines them."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from arcloop.evaluation.estimates import bootstrap, holm, paired_difference, pass_at_k, pass_curves

COUNTS = st.integers(0, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


def test_pass_at_k_is_the_share_of_draws_with_a_right_program() -> None:
    for n in range(1, 7):
        for correct in range(n + 1):
            for k in range(1, n + 1):
                draws = list(combinations(range(n), k))
                share = sum(any(i < correct for i in draw) for draw in draws) / len(draws)
                assert pass_at_k(n, correct, k) == pytest.approx(share)
    with pytest.raises(ValueError, match="expected"):
        pass_at_k(3, 1, 4)


@given(st.lists(COUNTS, min_size=1, max_size=6))
def test_curves_are_pass_at_k_and_end_with_what_was_seen(counts: list[tuple[int, int]]) -> None:
    curves = pass_curves(counts)
    assert curves.shape == (len(counts), max(n for n, _ in counts))
    assert ((curves >= 0) & (curves <= 1) & (np.diff(curves, prepend=0, axis=1) >= 0)).all()
    for row, (n, correct) in zip(curves, counts, strict=True):
        assert row[:n] == pytest.approx([pass_at_k(n, correct, k) for k in range(1, n + 1)])
        assert (row[max(0, n - 1) :] == (correct > 0)).all()


def test_more_right_programs_than_programs_are_refused() -> None:
    with pytest.raises(ValueError, match="5 of 3"):
        pass_curves([(3, 5)])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(0, 3))
def test_an_interval_holds_its_value_and_is_repeatable(values: list[float], seed: int) -> None:
    low, high = bootstrap(values, seed=seed)
    assert -1e-9 <= low[0] <= high[0] + 1e-12 <= 1 + 1e-9
    assert (low, high) == bootstrap(values, seed=seed)
    if len(set(values)) > 3:
        assert low[0] <= np.mean(values) <= high[0]


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        low, high = bootstrap(rng.random(100) < 0.3)
        held += low[0] <= 0.3 <= high[0]
    assert 0.9 <= held / 300 <= 0.99


def test_nothing_solved_is_no_certainty() -> None:
    for tasks in (2, 24, 400):
        low, high = bootstrap(np.zeros(tasks))
        # The probability of no success at this rate is 2.5 %.
        assert low[0] == 0 and (1 - high[0]) ** tasks == pytest.approx(0.025)
        low, high = bootstrap(np.full(tasks, 2), np.full(tasks, 2))
        assert high[0] == 1 and low[0] ** tasks == pytest.approx(0.025)
    assert bootstrap([1.0]) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no task"):
        bootstrap([])


def test_tasks_that_are_all_alike_are_no_certainty_either() -> None:
    (low,), (high,) = bootstrap(np.full(10, 1 / 3))
    assert 0.1 < low < 1 / 3 < high < 0.6
    found = paired_difference(np.full(10, 1 / 3), np.full(10, 2 / 3))
    assert found.low < 1 / 3 < found.high


def test_columns_are_resampled_together_and_by_size() -> None:
    values = np.random.default_rng(0).random((30, 300))
    low, high = bootstrap(values)
    assert np.array([low[299:], high[299:]]) == pytest.approx(np.array(bootstrap(values[:, 299])))
    sizes = np.arange(1, 31)
    assert bootstrap(values[:, 0] * sizes * 2, sizes * 2)[0] == pytest.approx(bootstrap(values[:, 0] * sizes, sizes)[0])


def flips(differences: list[float]) -> float:
    """Share of all sign assignments with as large a sum."""
    seen = abs(sum(differences)) - 1e-9
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((-1, 1), repeat=len(differences))
    ]
    return sum(total >= seen for total in sums) / len(sums)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9))
def test_the_paired_test_is_exact_for_few_tasks(pairs: list[tuple[int, int]]) -> None:
    first, second = [a / 4 for a, _ in pairs], [b / 4 for _, b in pairs]
    found = paired_difference(first, second)
    assert found.p == pytest.approx(flips([b - a for a, b in pairs]))
    assert found.value == pytest.approx(np.mean(second) - np.mean(first))
    assert found.low <= found.high
    back = paired_difference(second, first)
    assert (back.value, back.p, back.differing) == pytest.approx((-found.value, found.p, found.differing))


def test_the_paired_test_of_solved_tasks_is_mcnemars() -> None:
    # 12 tasks gained, 3 lost: 2 · P(Binomial(15, ½) ≤ 3)
    first, second = [0] * 12 + [1] * 3 + [1] * 85, [1] * 12 + [0] * 3 + [1] * 85
    assert paired_difference(first, second).p == pytest.approx(2 * (1 + 15 + 105 + 455) / 2**15)
    assert paired_difference(first, first).p == 1
    assert paired_difference(first, first).low < 0 < paired_difference(first, first).high


@pytest.mark.parametrize("tasks", [2, 5, 6, 8, 40])
def test_where_all_tasks_are_won_the_interval_agrees_with_the_test(tasks: int) -> None:
    sizes = np.arange(1, tasks + 1)
    for found in (
        paired_difference(np.zeros(tasks), np.ones(tasks)),
        paired_difference(np.zeros(tasks), sizes, sizes),
    ):
        assert (found.value, found.high) == (1.0, 1.0)
        assert (found.low > 0) == (found.p < 0.05)
    lost = paired_difference(np.ones(tasks), np.zeros(tasks))
    assert (lost.low, lost.high) == (-1.0, -found.low)


def test_ten_thousand_tasks_that_differ_alike_are_counted_exactly() -> None:
    ups = 5_100
    p = paired_difference(np.zeros(10_000), [1.0] * ups + [-1.0] * (10_000 - ups)).p
    assert p == pytest.approx(stats.binomtest(ups, 10_000).pvalue)


def test_many_tasks_are_flipped_at_random() -> None:
    rng = np.random.default_rng(2)
    alike, shifted = rng.normal(0, 1, 60), rng.normal(0.6, 1, 60)
    assert paired_difference(np.zeros(60), alike).p > 0.05
    assert 1 / 20_001 <= paired_difference(np.zeros(60), shifted).p < 0.01
    # Alike settings are called different about as often as the level says.
    false = sum(paired_difference(np.zeros(20), rng.normal(0, 1, 20)).p < 0.05 for _ in range(40))
    assert false <= 6


def test_holm_multiplies_the_smallest_most() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9]) == [0.9] and holm([]) == []
