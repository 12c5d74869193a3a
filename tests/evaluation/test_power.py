"""What a comparison can see: formulas against simulations and against closed forms, and the command that plans with them."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from arcloop.cli import main
from arcloop.errors import RunError
from arcloop.evaluation.estimates import sign_flip
from arcloop.evaluation.experiment import population
from arcloop.evaluation.power import Design, Population, detectable, equivalence, in_programs, power_of, tasks_needed
from tests.evaluation.test_comparison import run, searched, task_numbers

RUN = [(128, 0)] * 70 + [(128, 1)] * 8 + [(128, 3)] * 5 + [(128, 20)] * 10 + [(128, 100)] * 7


def differences(won: int, lost: int, tasks: int) -> np.ndarray:
    return np.array([1.0] * won + [-1.0] * lost + [0.0] * (tasks - won - lost))


def tango(won: int, lost: int, tasks: int, margin: float) -> float:
    """One-sided p-value of "gains minus losses are below the margin", in the closed form of Tango (1998)."""
    # The share that is lost at the margin, as the data allow it: the larger root.
    a = 2 * tasks
    b = -won - lost + (2 * tasks - won + lost) * margin
    c = -lost * margin * (1 - margin)
    gone = (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
    return float(norm.cdf((won - lost - tasks * margin) / math.sqrt(tasks * (2 * gone + margin * (1 - margin)))))


@pytest.mark.parametrize(("won", "lost", "tasks"), [(0, 0, 400), (1, 0, 400), (2, 2, 400), (10, 8, 400), (3, 7, 900)])
def test_equivalence_of_single_runs_is_tangos_test(won: int, lost: int, tasks: int) -> None:
    expected = max(tango(won, lost, tasks, 0.01), tango(lost, won, tasks, 0.01))
    assert equivalence(differences(won, lost, tasks)) == pytest.approx(expected, abs=1e-6)


def test_equivalence_is_seldom_claimed_where_the_effect_is_a_point() -> None:
    rng = np.random.default_rng(0)
    runs = rng.choice([1.0, -1.0, 0.0], size=(1000, 400), p=[0.03, 0.02, 0.95])
    # As means of three seeds, whose differences are thirds.
    means = rng.choice([1.0, -1.0, 0.0], size=(1000, 400, 3), p=[0.03, 0.02, 0.95]).mean(2)
    assert np.mean([equivalence(row) < 0.05 for row in runs]) < 0.06
    assert np.mean([equivalence(row) < 0.05 for row in means]) < 0.06
    # And where there is none, enough tasks say so.
    assert equivalence(differences(0, 0, 300)) < 0.05 < equivalence(differences(0, 0, 200))
    assert equivalence(differences(30, 30, 6000)) < 0.05 and equivalence(differences(90, 0, 6000)) == 1


def test_the_detectable_effect_is_found_in_eight_of_ten_experiments() -> None:
    rng = np.random.default_rng(1)
    for noise in (0.0, 0.02, 0.1):
        calm = differences(round(200 * noise), round(200 * noise), 400)
        effect = detectable(calm)
        assert effect is not None
        shares = [noise / 2 + effect, noise / 2, 1 - noise - effect]
        seen = [
            sign_flip(row[row != 0], flips=500) < 0.05
            for row in rng.choice([1.0, -1.0, 0.0], size=(400, 400), p=shares)
        ]
        assert 0.74 < np.mean(seen) < 0.87
    # Eight tasks have to be won where nothing else differs, whatever the interval says.
    assert 400 * (detectable(differences(0, 0, 400)) or 0) == pytest.approx(7.8, abs=0.1)


def test_where_all_tasks_gain_a_little_it_is_bloom_s_formula() -> None:
    gained = np.random.default_rng(2).normal(0, 0.05, 100)
    assert detectable(gained, whole=False) == pytest.approx((1.95996 + 0.84162) * gained.std() / 10, rel=1e-4)


def test_too_few_tasks_see_nothing() -> None:
    assert detectable([0.0] * 5) is None and detectable([0.0] * 20) is not None
    # Of several comparisons each has to be clearer.
    assert detectable([0.0] * 40, level=0.05 / 4) > detectable([0.0] * 40)  # type: ignore[operator]
    with pytest.raises(ValueError, match="no task"):
        detectable([])


def test_tasks_with_several_grids_count_as_often() -> None:
    gained, sizes = differences(5, 3, 200), np.full(200, 2.0)
    assert equivalence(2 * gained, sizes) == pytest.approx(equivalence(gained))
    assert detectable(2 * gained, sizes) == pytest.approx(detectable(gained))


def test_a_population_is_that_of_its_counts() -> None:
    rng = np.random.default_rng(3)
    rates = rng.beta(0.3, 2.0, 600)
    found = Population.of([(64, int(right)) for right in rng.binomial(64, rates)])
    assert found.spread == (pytest.approx(0.3, rel=0.2), pytest.approx(2.0, rel=0.3))
    # The same programs again would solve as many tasks; four times as many more, as in truth.
    solved, _ = in_programs(found, 64, 0.01)
    assert solved == pytest.approx((1 - (1 - rates) ** 64).mean(), abs=0.02)
    assert in_programs(found, 256, 0.01)[0] == pytest.approx((1 - (1 - rates) ** 256).mean(), abs=0.02)


def test_a_search_that_stops_at_its_second_hit_says_the_same() -> None:
    """The likelihood of a count does not depend on when it was stopped, unless by what nobody saw."""
    rng = np.random.default_rng(4)
    draws = rng.random((400, 200)) < rng.beta(0.3, 2.0, 400)[:, None]
    whole = Population.of([(200, int(row.sum())) for row in draws])
    ends = [int(np.flatnonzero(row)[1]) + 1 if row.sum() > 1 else 200 for row in draws]
    stopped = Population.of([(end, int(row[:end].sum())) for row, end in zip(draws, ends, strict=True)])
    assert in_programs(stopped, 200, 0.01)[0] == pytest.approx(in_programs(whole, 200, 0.01)[0], abs=0.02)


def test_what_a_gain_needs() -> None:
    found = Population.of(RUN)
    one, three = tasks_needed(found, 128, 1, 0.05), tasks_needed(found, 128, 3, 0.05)
    small = tasks_needed(found, 128, 1, 0.03)
    assert one.design and three.design and small.design
    assert 0 < three.design.tasks < one.design.tasks < small.design.tasks
    assert one == tasks_needed(found, 128, 1, 0.05) and one.power >= 0.8
    # On outcomes that are drawn here.
    rng, factor = np.random.default_rng(5), one.factor or 0
    rates = 1 - np.exp(found.misses((200, one.design.tasks), 7))
    before, after = ((rng.random(rates.shape) < 1 - (1 - rates) ** n).astype(float) for n in (128, 128 * factor))
    assert (after - before).mean() == pytest.approx(0.05, abs=0.01)
    seen = [sign_flip(gain[gain != 0], flips=2000) < 0.05 for gain in after - before]
    assert np.mean(seen) == pytest.approx(one.power, abs=0.1)
    # A stricter level, as one of several comparisons has, wants more.
    assert power_of(found, one.design, factor, 0.05 / 3) < one.power


def test_a_gain_that_no_number_of_programs_brings_is_said_to_be_none() -> None:
    solved_or_not = Population.of([(1000, 1000)] * 99 + [(1000, 900)])
    need = tasks_needed(solved_or_not, 128, 1, 0.05)
    assert (need.factor, need.design) == (None, None) and need.solved > 0.99


def test_power_grows_with_tasks_and_is_that_of_noise_without_an_effect() -> None:
    found = Population.of(RUN)
    powers = [power_of(found, Design(tasks, 128, 1), 3.0) for tasks in (50, 150, 450)]
    assert powers == sorted(powers) and powers[0] < 0.5 < powers[2]
    assert power_of(found, Design(300, 128, 2), 1.0) < 0.05


def test_a_level_below_a_thousandth_can_be_reached() -> None:
    assert power_of(Population.of(RUN), Design(120, 128, 2), 1000.0, 0.0009) > 0.9


def test_runs_are_added_up_task_by_task_and_answers_have_to_be_known() -> None:
    assert population([run([1, 0]), run([3, 0], seed=1)]).counts == ((16, 4), (16, 0))
    for nothing in (run([0, 0]), run([1], numbers={"t0": task_numbers(1, hits=None)})):
        with pytest.raises(RunError, match="no program is known to be right on train and test pairs"):
            population([nothing])


def test_a_set_of_an_experiment_is_planned_from_its_own_tasks_where_they_are_known() -> None:
    earlier = [run([1, 0, 5])]
    assert population(earlier, "mine", ("t0", "t1")).counts == ((8, 1), (8, 0))
    assert len(population(earlier, "mine", ("t0", "another")).counts) == 3
    with pytest.raises(
        RunError, match=r"right on train and test pairs of a task of 'mine'; .* — name .* or other sets"
    ):
        population(earlier, "mine", ("t1",))


def test_the_command_says_what_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = [str(searched(tmp_path / str(seed), seed)) for seed in (1, 2)]
    monkeypatch.setattr(sys, "argv", ["arcloop", "experiment", "--power", *earlier, "--gain", "30"])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "1 tasks with known answers, 1 of them with a right program" in printed
    assert len([line for line in printed.splitlines() if line.strip().startswith("30")]) == 6
    monkeypatch.setattr(sys, "argv", ["arcloop", "experiment", "--power", *earlier, "--gain", "0"])
    assert main() == 2 and "gain is 0.0; expected points" in capsys.readouterr().err
    # Of an experiment: what its own design can find, where each of several arms has to be clearer than one alone.
    monkeypatch.setattr("arcloop.cli.experiment.measured", lambda path: run([1] * 10 + [0] * 30))
    needed = []
    for arms in ([], ["--arms", "search only", "3 learning rounds"]):
        asked = ["switches", *arms, "--programs", "8", "--power", "earlier", "--gain", "30"]
        monkeypatch.setattr(sys, "argv", ["arcloop", "experiment", *asked])
        assert main() == 0
        (row,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("arc1-eval ")]
        cells = row.split()
        assert cells[1:4] == ["30", "8", "3"] and row.rstrip().endswith("% with 100 tasks")
        assert float(cells[-7]) >= 80
        needed.append(int(cells[-8]))
    assert 6 <= needed[1] < needed[0] < 100
    monkeypatch.setattr(sys, "argv", ["arcloop", "experiment"])
    assert main() == 2 and "expected effect, " in capsys.readouterr().err


def test_what_only_rounding_tells_apart_is_alike() -> None:
    first, second = np.mean([0.1, 0.2, 0.3]), np.mean([0.3, 0.2, 0.1])
    gained = np.array([first - second, second - first] * 6)
    assert detectable(gained, whole=False) == detectable(np.zeros(12), whole=False)
    assert detectable(gained) == detectable(np.zeros(12))
