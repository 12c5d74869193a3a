"""Who is sampled next: shares, moves and ends."""

from collections import Counter

import pytest

from arcloop.config import StoppingConfig
from arcloop.programs import content_id
from arcloop.records import Augmentation, Candidate, Execution, Grid, Program, Score, Status
from arcloop.search.allocation import Agreement, next_wave, probe_size
from tests.arc_grids import FLIP, grid

Outputs = tuple[Grid | None, ...]
TESTS: Outputs = (grid("765"), grid("21", "43"))


def candidate(source: str, perfect: bool = True, tests: Outputs = TESTS) -> Candidate:
    outputs = (*(pair.output for pair in FLIP.train), *tests)
    score = Score(source, (perfect,) * len(FLIP.train), 1.0)
    execution = Execution(source, Status.OK, outputs, "", 0.0, 0.0)
    return Candidate(Program(content_id(source), source, "flip", source), Augmentation(), execution, score)


def done(*candidates: Candidate, perfect: int = 2) -> bool:
    agreement = Agreement(FLIP)
    for one in candidates:
        agreement.add(one)
    return agreement.done(StoppingConfig(perfect=perfect))


def test_a_task_is_done_with_two_different_programs_that_agree_on_the_tests() -> None:
    other: Outputs = (grid("111"), grid("21", "43"))
    assert not done(candidate("a"))
    assert done(candidate("a"), candidate("b"))
    assert not done(candidate("a"), candidate("a"))  # one program twice
    assert not done(candidate("a"), candidate("b", perfect=False))
    assert not done(candidate("a"), candidate("b", tests=other))
    assert done(candidate("a"), candidate("b", tests=other), candidate("c"))
    assert not done(candidate("a", tests=(None, None)), candidate("b", tests=(None, None)))
    assert done(candidate("a"), perfect=1)
    assert not done(candidate("a"), candidate("b"), perfect=0)


def waves(
    left: int, own: int, move: bool, size: int, step: int, stops: dict[str, int], tasks: str = "abc"
) -> Counter[str]:
    """What each task gets in all, if it is done after so many programs."""
    taken: Counter[str] = Counter()
    for _ in range(1000):
        open_tasks = [task for task in tasks if taken[task] < stops.get(task, 10**9)]
        wave = next_wave(left, taken, open_tasks, own, move, size, step)
        if not wave:
            return taken
        assert all(count > 0 for count in wave.values())
        assert sum(wave.values()) <= left
        left -= sum(wave.values())
        taken.update(wave)
    raise AssertionError("no end")


def test_without_stops_every_task_gets_its_share() -> None:
    for move in (True, False):
        for size in (1, 10, 1000):
            assert waves(150, 50, move, size, 8, {}) == {"a": 50, "b": 50, "c": 50}


def test_what_a_task_that_is_done_leaves_goes_to_the_others_or_is_saved() -> None:
    moved = waves(150, 50, True, 24, 8, {"b": 8})
    assert moved["b"] == 8 and moved["a"] == moved["c"] == 71
    saved = waves(150, 50, False, 24, 8, {"b": 8})
    assert saved == {"a": 50, "b": 8, "c": 50}


def test_programs_are_given_by_whole_prompts_where_that_can_be() -> None:
    assert next_wave(150, Counter(), "abc", 50, True, 30, 8) == {"a": 16, "b": 16, "c": 16}
    assert next_wave(150, Counter(), "abc", 50, True, 9, 8) == {"a": 3, "b": 3, "c": 3}


@pytest.mark.parametrize("left", range(0, 12))
def test_too_little_is_shared_evenly(left: int) -> None:
    taken = waves(left, 50, True, 100, 8, {})
    assert taken.total() == left
    assert max(taken.values(), default=0) - min((taken[task] for task in "abc"), default=0) <= 1


@pytest.mark.parametrize("left", range(0, 40))
def test_who_was_asked_first_gets_less_of_what_is_left(left: int) -> None:
    taken: Counter[str] = Counter(a=8, b=5)
    given = next_wave(left, taken, "abcd", 16, True, 100, 1)
    assert sum(given.values()) == left
    after = sorted((taken + Counter(given))[task] for task in "abcd")
    # All are level, but for those who had more already.
    level = [count for count, task in zip(after, "abcd", strict=True) if count <= max(8, after[0] + 1)]
    assert after[1] - after[0] <= 1 and len(level) == 4
    assert ("a" not in given) or after[-1] - after[0] <= 1


def test_a_probe_is_an_eighth_but_enough_to_see_harm() -> None:
    assert probe_size(20, 64) == 160
    assert probe_size(1, 64) == 32
