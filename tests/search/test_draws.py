"""Which programs a round draws: those that one long search would draw too, and none of another version's."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.assembly import run
from arcloop.config import Config
from arcloop.runs.rundir import RunDir
from arcloop.search.waves import Search
from arcloop.seeds import counted_on
from tests.search.test_reuse import CONFIG, tables

PLAIN = dataclasses.replace(CONFIG, search=Config("").search)


def sources(directory: RunDir) -> dict[str, list[str]]:
    """Task id → its programs in the order of the draws, over all rounds."""
    found: dict[str, list[str]] = {task.id: [] for task in directory.tasks()}
    for round_ in range(directory.config().rounds):
        for candidate in directory.group(round_, 0).candidates():
            found[candidate.program.task_id].append(candidate.program.source)
    return found


@given(st.integers(1, 40), st.integers(1, 6))
def test_no_two_draws_have_the_same_seed(share: int, rounds: int) -> None:
    # Up to twice its share, of what other tasks left.
    places = [counted_on(round_, number, share) for round_ in range(rounds) for number in range(2 * share)]
    assert len(set(places)) == len(places)
    whole = [counted_on(0, number, share * rounds) for number in range(share * rounds)]
    assert [counted_on(r, n, share) for r in range(rounds) for n in range(share)] == whole


@pytest.mark.parametrize("rounds", [2, 4])
def test_rounds_without_learning_between_them_are_one_search(tmp_path: Path, rounds: int) -> None:
    one = run(dataclasses.replace(PLAIN, rounds=1, programs=32), tmp_path / "one").directory
    more = run(dataclasses.replace(PLAIN, rounds=rounds, programs=32 // rounds), tmp_path / "more").directory
    assert all(len(found) == 32 for found in sources(one).values())
    assert sources(more) == sources(one)


def stopped(directory: RunDir, round_: int) -> None:
    """As if the search of the round had been stopped, with all of its programs stored."""
    group = directory.group(round_, 0)
    group.write_numbers(dataclasses.replace(group.search_numbers(), whole=False))
    (group.path / "DONE").unlink()


@pytest.mark.parametrize("config", [PLAIN, CONFIG], ids=["prompts", "mutants too"])
def test_what_is_stored_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    directory = run(config, tmp_path / "run").directory
    found = tables(directory.path)
    stopped(directory, 1)
    asked: list[object] = []
    monkeypatch.setattr(Search, "_completed", lambda self, requests, under_way: iter(asked.extend(requests) or ()))
    run(config, directory.path)
    assert not asked and tables(directory.path) == found


def test_what_an_earlier_version_asked_otherwise_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = run(PLAIN, tmp_path / "alone").directory
    with monkeypatch.context() as earlier:
        for name in ("arcloop.search.waves.counted_on", "arcloop.prompts.format.counted_on"):
            earlier.setattr(name, lambda round_, number, share: (round_, number))
        directory = run(PLAIN, tmp_path / "run").directory
    assert tables(directory.path) != tables(alone.path)
    stopped(directory, 1)
    run(PLAIN, directory.path)
    assert tables(directory.path) == tables(alone.path)
