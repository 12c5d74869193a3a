"""The rule of the two attempts: ranks, ties, and what must not matter."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.records import Attempt, Candidate, Grid, Task
from arcloop.submission.voting import Ballot, vote
from tests.arc_grids import FLIP, candidate, candidates, grid

RIGHT: list[Grid | None] = [np.flip(g, 1) for g in FLIP.inputs]
NOTHING: list[Grid | None] = [None, None]


def source(length: int) -> str:
    """A program of so many characters."""
    return "def transform(grid):\n    return grid  # ".ljust(length - 1, "x") + "\n"


def guess(number: int, length: int = 60, perfect: bool = False, second: int | None = None) -> Candidate:
    """A program that gives ``number`` for the first test input, and ``second`` or nothing for the second."""
    trains = RIGHT[:2] if perfect else NOTHING
    tests = [grid(str(number)), None if second is None else grid(str(second))]
    return candidate(FLIP, [*trains, *tests], source(length), f"r0/flip/{number}-{length}-{perfect}-{second}")


def ballot(made: list[Candidate], task: Task) -> Ballot:
    counted = Ballot(task)
    # In two parts, as the rounds of a run come in.
    counted.add(made[: len(made) // 2])
    counted.add(made[len(made) // 2 :])
    return counted


def firsts(attempt: Attempt) -> list[int]:
    return [int(attempt.attempt_1[0, 0]), int(attempt.attempt_2[0, 0])]


def text(attempts: list[Attempt]) -> list[object]:
    return [(a.test_index, a.attempt_1.tolist(), a.attempt_2.tolist(), a.votes) for a in attempts]


def test_votes_of_train_perfect_programs_come_first_then_the_weights() -> None:
    one, two = guess(1, perfect=True), [guess(2, length, perfect=True) for length in (70, 80)]
    others = [guess(3, length) for length in range(60, 90)]
    assert firsts(vote([one, *two, *others], FLIP)[0]) == [2, 1]
    assert firsts(vote([one, *others, guess(4)], FLIP)[0]) == [1, 3]
    # Among equally many train-perfect programs, what else gives the grid decides.
    assert firsts(vote([one, guess(2, 99, perfect=True), guess(2)], FLIP)[0]) == [2, 1]
    # One that has half of the train grids right outweighs many with none.
    half = candidate(FLIP, [RIGHT[0], None, grid("5"), None], name="half")
    assert firsts(vote([half, *others], FLIP)[0]) == [5, 3]


def test_of_equal_groups_the_shorter_program_wins() -> None:
    assert firsts(vote([guess(1, 70), guess(2, 60), guess(3, 65)], FLIP)[0]) == [2, 3]
    # A train-perfect program stands for its group, not a shorter one that is wrong.
    perfect = [guess(1, 90, perfect=True), guess(1, 50), guess(2, 80, perfect=True), guess(2, 60)]
    assert firsts(vote(perfect, FLIP)[0]) == [2, 1]


def test_a_program_that_fails_on_one_test_input_votes_on_the_other() -> None:
    attempts = vote([guess(1), guess(2, 70, second=8)], FLIP)
    assert firsts(attempts[0]) == [1, 2]
    assert firsts(attempts[1])[0] == 8 and attempts[1].votes[1] == 0


@given(candidates(), st.integers(0, 2**32))
def test_the_order_of_the_candidates_changes_nothing(given_: tuple[Task, list[Candidate]], seed: int) -> None:
    task, made = given_
    shuffled = random.Random(seed).sample(made, len(made))
    assert text(vote(made, task)) == text(vote(shuffled, task))
    for index in range(len(task.test_inputs)):
        assert [g.leader for g in ballot(made, task).groups(index)] == [
            g.leader for g in ballot(shuffled, task).groups(index)
        ]


@given(candidates(), st.data())
def test_what_a_program_gives_for_one_test_input_moves_no_other(
    given_: tuple[Task, list[Candidate]], data: st.DataObject
) -> None:
    task, made = given_
    index = data.draw(st.integers(0, len(task.test_inputs) - 1))
    place = len(task.train) + index

    def changed(one: Candidate) -> Candidate:
        outputs = list(one.execution.outputs)
        outputs[place] = data.draw(st.sampled_from([None, grid("77")]))
        return dataclasses.replace(one, execution=dataclasses.replace(one.execution, outputs=tuple(outputs)))

    after = vote([changed(one) for one in made], task)
    for other in range(len(task.test_inputs)):
        if other != index:
            assert text([after[other]]) == text([vote(made, task)[other]])


@given(candidates())
def test_attempts_are_two_different_grids_and_the_best_two_groups(given_: tuple[Task, list[Candidate]]) -> None:
    task, made = given_
    for attempt in vote(made, task):
        grids = [attempt.attempt_1, attempt.attempt_2]
        assert not np.array_equal(*grids)
        groups = ballot(made, task).groups(attempt.test_index)[:2]
        assert all(np.array_equal(g.grid, a) for g, a in zip(groups, grids, strict=False))
        assert attempt.votes[: len(groups)] == tuple(g.weight for g in groups)
        assert all(v == 0 for v in attempt.votes[len(groups) :])


@pytest.mark.parametrize("cell", range(10))
def test_stand_ins_differ_whatever_the_input_and_the_one_known_grid(cell: int) -> None:
    for known in [None, *range(10)]:
        task = dataclasses.replace(FLIP, test_inputs=(grid(str(cell)), grid("1")))
        made = [] if known is None else [guess(known)]
        for attempt in vote(made, task):
            assert not np.array_equal(attempt.attempt_1, attempt.attempt_2)
