"""What other seeds would give on the very same tasks, against scipy's own tests."""

from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from arcloop.cli.compare import print_comparison
from arcloop.cli.experiment import _markdown
from arcloop.evaluation.comparison import compare
from arcloop.evaluation.measurement import Setting
from arcloop.evaluation.seedwise import over_seeds
from arcloop.evaluation.task_table import read_task_tables
from tests import ROOT
from tests.evaluation.test_comparison import run

GAINS = [0.005, 0.0125, 0.0, 0.0075, -0.0025]


def test_the_estimate_is_student_s() -> None:
    found = over_seeds(GAINS)
    assert found is not None and found.seeds == 5
    expected = stats.ttest_1samp(GAINS, 0.0)
    interval = expected.confidence_interval(0.95)
    assert (found.value, found.p) == pytest.approx((np.mean(GAINS), expected.pvalue))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    below = stats.ttest_1samp(GAINS, 0.01, alternative="less").pvalue
    above = stats.ttest_1samp(GAINS, -0.01, alternative="greater").pvalue
    assert found.equivalence == pytest.approx(max(below, above))


@pytest.mark.parametrize(
    ("gains", "finding"),
    [
        ([0.03, 0.035, 0.03], "better"),
        ([-0.03, -0.035, -0.03], "worse"),
        ([0.001, -0.001, 0.0005], "no effect larger than 1 point"),
        ([0.05, -0.05, 0.03], "cannot be told"),
        ([0.0, 0.0, 0.0], "no effect larger than 1 point"),
        ([0.02, 0.02, 0.02], "better"),
    ],
)
def test_the_finding(gains: list[float], finding: str) -> None:
    found = over_seeds(gains)
    assert found is not None and found.finding == finding
    assert found.low <= found.value <= found.high


def test_few_seeds_of_few_tasks_that_differ_alike_are_no_certainty() -> None:
    # One task of ten more under each of three seeds; none under any; and the same of 400 tasks under eight.
    one, none, many = over_seeds([0.1] * 3, 0.1), over_seeds([0.0] * 3, 0.1), over_seeds([0.0] * 8, 1 / 400)
    assert one is not None and none is not None and many is not None
    assert one.finding == none.finding == "cannot be told" and one.low < 0 < none.high
    assert many.finding == "no effect larger than 1 point"


def test_no_effect_is_seldom_claimed_where_there_is_one() -> None:
    rng = np.random.default_rng(0)
    for tasks in (10, 30, 100):
        first, second = (rng.binomial(tasks, share, size=(2000, 3)) / tasks for share in (0.02, 0.04))
        found = [over_seeds(list(gains), 1 / tasks) for gains in second - first]
        assert np.mean([one is not None and one.finding.startswith("no effect") for one in found]) <= 0.05


def test_two_seeds_are_too_few() -> None:
    assert over_seeds([0.1, 0.2]) is None


def test_settings_are_paired_by_seed_and_corrected_together() -> None:
    def setting(name: str, *shares: float, seeds: tuple[int, ...] = (1, 2, 3)) -> Setting:
        runs = [run([1] * round(20 * share) + [0] * (20 - round(20 * share))) for share in shares]
        return Setting(name, tuple(replace(one, seed=seed) for one, seed in zip(runs, seeds, strict=True)))

    first = setting("first", 0.1, 0.2, 0.3)
    # The same pairs in another order of runs.
    better = setting("better", 0.5, 0.3, 0.45, seeds=(3, 1, 2))
    alone = compare([first, better]).contrasts[0].over_seeds
    assert alone == over_seeds([0.3 - 0.1, 0.45 - 0.2, 0.5 - 0.3], 1 / 20)
    again = compare([first, better, setting("other", 0.1, 0.25, 0.3)]).contrasts
    corrected = next(c.over_seeds for c in again if c.name == "better")
    assert alone is not None and corrected is not None and corrected.p == pytest.approx(2 * alone.p)
    for seeds in ((1, 2, 4), (1, 1, 2)):
        assert compare([first, setting("other", 0.5, 0.5, 0.5, seeds=seeds)]).contrasts[0].over_seeds is None


def test_it_is_said_once_for_the_number_to_decide_on(capsys: pytest.CaptureFixture[str]) -> None:
    ((name, settings),) = read_task_tables([ROOT / "docs" / "data" / "demo-tasks.parquet"]).items()
    compared = compare(settings)
    print_comparison(compared, Console(width=200))
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if "on these very tasks, under other seeds" in line
    ]
    assert "+83.33 points (+58.5 to +100.0), p = 0.0048: better" in line
    (row,) = [row for row in _markdown({name: compared}, "command") if "on these very tasks, under other seeds" in row]
    assert "+83.3 (+58.5 to +100.0) | 0.0048 | | better |" in row
