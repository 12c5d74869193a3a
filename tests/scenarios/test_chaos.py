"""``make chaos`` in short: each fault once, and the run that is gone on with is the one that nothing happened to.

Then processes that share a run: at once, killed, started again, together with one that should not be there.
"""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS, Fault
from tests.chaos.launch import Launcher
from tests.chaos.trial import Reference, compared, damage, files, reference, trial

SHARED = (
    *("run", "--tasks", "arc1-train", "--task-ids", "67a3c6ac", "25ff71a9", "--group-size", "1"),
    *("--rounds", "2", "--programs", "4", "--sampling.max-tokens", "64", "--stopping.every", "4"),
)


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


@pytest.fixture(scope="module")
def alone(launchers: tuple[Launcher, Launcher], tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A run on the embedded model that one process has made."""
    path = tmp_path_factory.mktemp("runs") / "alone"
    ended = launchers[0].run(*SHARED, "--out", path)
    assert ended.code == 0, ended.said
    return Reference("shared", path, 0.0)


def test_two_at_once_make_the_run_that_one_makes(
    alone: Reference, launchers: tuple[Launcher, Launcher], tmp_path: Path
) -> None:
    run = (*SHARED, "--out", tmp_path / "run")
    for number, launcher in enumerate(launchers, 1):
        launcher.start(*run, "--share", f"{number}/2")
    ended = [launcher.end() for launcher in launchers]
    assert [one.code for one in ended] == [0, 0], ended
    assert compared(alone, tmp_path / "run") == []
    # Whoever was done last has written the table, and nobody has left a lock.
    assert any("solved@2" in one.said for one in ended) and (tmp_path / "run" / "report.html").exists()
    assert list((tmp_path / "run").glob("*.lock")) == []


def test_a_share_that_was_killed_is_started_again_while_another_has_its_groups(
    alone: Reference, launchers: tuple[Launcher, Launcher], tmp_path: Path
) -> None:
    first, second = launchers
    path = tmp_path / "run"
    run = (*SHARED, "--out", path)
    pid = first.start(*run, "--share", "1/2")
    while not (path / "round_000" / "group_000" / "search.json").exists():
        assert (Path("/proc") / str(pid)).exists()
    os.kill(pid, signal.SIGSTOP)  # it is not to be done before the others have tried
    taken = second.run(*run, "--share", "1/3")
    assert taken.code == 2 and f"group_000: process {pid} on" in taken.said and "expected nobody" in taken.said
    whole = second.run(*run)
    assert whole.code == 2 and f"group_000: process {pid} on" in whole.said
    os.kill(pid, signal.SIGKILL)
    assert first.end().code == -signal.SIGKILL
    assert (path / "group_000.lock").exists()
    ended = second.run(*run, "--share", "2/2")
    assert ended.code == 0 and "the last share writes the table" in ended.said
    assert not (path / "report.html").exists()
    ended = first.run("resume", path, "--share", "1/2")
    assert ended.code == 0 and "solved@2" in ended.said
    assert compared(alone, path) == [] and list(path.glob("*.lock")) == []
