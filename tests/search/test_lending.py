"""What one run has sampled first serves another that begins alike, and changes nothing of what that comes to."""

import dataclasses
from pathlib import Path

import pytest

from arcloop.assembly import begin, run
from arcloop.config import BudgetConfig, Config, SamplingConfig, StoppingConfig
from arcloop.runs.lock import LOCK, Locks
from arcloop.runs.rundir import RunDir
from arcloop.search.lending import lend
from tests.search.test_reuse import CONFIG, tables

ONCE = dataclasses.replace(CONFIG, rounds=1, programs=32, search=Config("").search)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return RunDir.open(run(ONCE, tmp_path_factory.mktemp("once") / "run").directory.path)


def begun(config: Config, path: Path) -> RunDir:
    return RunDir.open(begin(config, path, lambda line: None).path)


@pytest.mark.parametrize(
    ("changes", "count"), [({}, 32), ({"group_size": 1}, 32), ({"rounds": 1, "programs": 64}, 64)], ids=str
)
def test_a_run_that_begins_alike_comes_to_the_same(
    once: RunDir, tmp_path: Path, changes: dict[str, int], count: int
) -> None:
    config = dataclasses.replace(CONFIG, **changes)  # type: ignore[arg-type]
    alone = run(config, tmp_path / "alone").directory
    target = begun(config, tmp_path / "lent")
    assert lend(once, target) == count
    lent = target.group(0, 0).search_numbers()
    assert not lent.whole and lent.programs == lent.completions and lent.search_seconds > 0
    # Now there is something: nobody else's is put in its place.
    assert lend(once, target) == 0
    run(config, target.path)
    assert tables(target.path) == tables(alone.path)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 4},
        {"limit": 1},
        {"sampling": SamplingConfig(temperature=(0.5,))},
        {"stopping": StoppingConfig()},
        {"budget": BudgetConfig(tokens=1000)},
        {"augment": dataclasses.replace(CONFIG.augment, colors=False)},
    ],
    ids=str,
)
def test_a_run_that_begins_otherwise_is_lent_nothing(once: RunDir, tmp_path: Path, changes: dict[str, object]) -> None:
    target = begun(dataclasses.replace(CONFIG, **changes), tmp_path / "other")  # type: ignore[arg-type]
    assert lend(once, target) == 0 and lend(target, target) == 0
    assert not target.group(0, 0).path.exists()


def test_a_run_that_somebody_works_on_is_left_alone(once: RunDir, tmp_path: Path) -> None:
    target = begun(CONFIG, tmp_path / "busy")
    for name in (LOCK, "group_000.lock"):
        with Locks() as locks:
            locks.take(target.path / name, 0.0)
            assert lend(once, target) == 0
    assert lend(once, target) == 32
