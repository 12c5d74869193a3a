"""``make chaos`` in short: each fault once, and the run that is gone on with is the one that nothing happened to."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.launch import Launcher
from tests.chaos.trial import Reference, damage, files, reference, trial


@pytest.fixture(scope="module")
def launchers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Launcher, Launcher]]:
    folder = tmp_path_factory.mktemp("chaos")
    with Launcher(folder / "first", stored_every=0.1) as first, Launcher(folder / "second") as second:
        yield first, second


@pytest.fixture(scope="module")
def undisturbed(launchers: tuple[Launcher, Launcher], tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference("random programs", launchers[0], tmp_path_factory.mktemp("runs") / "undisturbed")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nothing_is_lost(
    fault: Fault, undisturbed: Reference, launchers: tuple[Launcher, Launcher], tmp_path: Path
) -> None:
    rng = random.Random(2)
    # A random moment may come when the run has just ended.
    trials = (trial(undisturbed, fault, *launchers, tmp_path / "run", rng) for _ in range(8))
    assert next(outcome.lost for outcome in trials if outcome.times) == []


def test_a_damaged_file_is_told_and_mended_as_it_is_told(
    undisturbed: Reference, launchers: tuple[Launcher, Launcher], tmp_path: Path
) -> None:
    rng = random.Random(3)
    for name in rng.sample(files(undisturbed), 4):
        assert damage(undisturbed, name, launchers[0], tmp_path / "run", rng).lost == []
