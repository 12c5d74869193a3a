"""Scoring, voting, submission and pass@k: the pure stages."""

import json
import random

import numpy as np
import pytest
from hypothesis import given

from arcloop.errors import RunError
from arcloop.evaluation.metrics import curves, summarize, task_numbers
from arcloop.records import Augmentation, Candidate, Task
from arcloop.scoring import pixel_similarity
from arcloop.submission.kaggle import hits, submission_json, validate
from arcloop.submission.voting import Ballot, vote
from arcloop.tasks.augment import original_outputs
from tests.arc_grids import FLIP, candidate, candidates, framed_tasks, grid

RIGHT = [np.flip(g, 1) for g in FLIP.inputs]
WRONG = [np.flip(g, 0) for g in FLIP.inputs]


def test_scores_count_exact_grids_and_pixels_break_ties() -> None:
    right, wrong = candidate(FLIP, list(RIGHT)).score, candidate(FLIP, list(WRONG)).score
    assert right.perfect and right.correct_share == 1 and right.pixels == 1
    assert not wrong.perfect and wrong.correct_share == 0 and 0 <= wrong.pixels < 1
    assert candidate(FLIP, [RIGHT[0], None, None, None]).score.correct == (True, False)


def test_pixels_of_another_shape_or_no_output_are_nothing() -> None:
    assert pixel_similarity(None, grid("1")) == 0
    assert pixel_similarity(grid("11"), grid("1")) == 0
    assert pixel_similarity(grid("12"), grid("13")) == 0.5


@given(candidates())
def test_two_attempts_differ_and_order_does_not_matter(given_: tuple[Task, list[Candidate]]) -> None:
    task, made = given_
    attempts = vote(made, task)
    assert len(attempts) == len(task.test_inputs)
    for attempt in attempts:
        assert not np.array_equal(attempt.attempt_1, attempt.attempt_2)
    again = vote(random.Random(1).sample(made, len(made)), task)
    assert submission_json(attempts) == submission_json(again)


@given(candidates())
def test_votes_of_one_test_input_do_not_touch_another(given_: tuple[Task, list[Candidate]]) -> None:
    task, made = given_
    ballot = Ballot(task)
    ballot.add(made)
    for index, test_input in enumerate(task.test_inputs):
        place = len(task.train) + index
        outputs = [original_outputs(c.augmentation, c.execution.outputs, len(task.train))[place] for c in made]
        known = {g.tobytes() for g in outputs if g is not None and not np.array_equal(g, test_input)}
        assert {group.grid.tobytes() for group in ballot.groups(index)} == known


def test_train_perfect_programs_outvote_any_number_of_others() -> None:
    wrong = [candidate(FLIP, list(WRONG), name=f"w{i}") for i in range(50)]
    attempts = vote([*wrong, candidate(FLIP, list(RIGHT))], FLIP)
    assert np.array_equal(attempts[0].attempt_1, RIGHT[2])
    # Flipping [567] upside down changes nothing: the identity is no candidate, so a stand-in follows.
    assert not np.array_equal(attempts[0].attempt_2, RIGHT[2])
    assert np.array_equal(attempts[1].attempt_2, WRONG[3])


def test_without_any_program_a_submission_is_still_valid() -> None:
    content = json.loads(submission_json(vote([], FLIP)))
    assert validate(content, [FLIP]) == content
    assert content["flip"][0]["attempt_1"] == [[5, 6, 7]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "expected an object"),
        ({}, "no entry for flip"),
        ({"flip": [{}]}, "not 2 entries"),
        ({"flip": [{"attempt_1": [[1]]}] * 2}, "no attempt_2"),
        ({"flip": [{"attempt_1": [[1]], "attempt_2": [[11]]}] * 2}, "expected integers"),
    ],
)
def test_an_invalid_submission_is_named(content: object, words: str) -> None:
    with pytest.raises(RunError, match=words):
        validate(content, [FLIP])


def test_a_hit_is_either_attempt() -> None:
    content = {"flip": [{"attempt_1": [[7, 6, 5]], "attempt_2": [[0]]}, {"attempt_1": [[0]], "attempt_2": [[0]]}]}
    assert hits(content, {"flip": (RIGHT[2], RIGHT[3]), "other": (RIGHT[2],)}) == {
        "flip": [True, False],
        "other": [False],
    }


@given(framed_tasks())
def test_the_gold_answers_score_full_marks(framed: tuple[Task, Augmentation]) -> None:
    task, _ = framed
    answers = {task.id: tuple(np.flip(g, 0) for g in task.test_inputs)}
    content = {task.id: [{"attempt_1": a.tolist(), "attempt_2": [[0]]} for a in answers[task.id]]}
    assert hits(content, answers) == {task.id: [True] * len(task.test_inputs)}


def test_the_table_counts_missing_programs_as_wrong() -> None:
    answer = tuple(RIGHT[2:])
    made = [candidate(FLIP, list(RIGHT)), candidate(FLIP, list(WRONG), name="w"), candidate(FLIP, [None] * 4, name="n")]
    numbers = summarize(
        [task_numbers(FLIP, ("r0/task/d00000", "w", "n", "none"), made, answer)], {"flip": [True, False]}
    )
    assert (numbers.programs, numbers.valid_code, numbers.valid_outputs) == (4, 0.75, 0.5)
    assert (numbers.train_pass_rate, numbers.train_pass_at_n, numbers.pass_rate, numbers.pass_at_n) == (
        0.25,
        1,
        0.25,
        1,
    )
    assert (numbers.correct_grids, numbers.unique_outputs, numbers.solved_at_2) == (0.25, 1, 0.5)


def test_without_answers_the_table_has_no_numbers_that_need_them() -> None:
    numbers = summarize([task_numbers(FLIP, ("r0/task/d00000",), [candidate(FLIP, list(RIGHT))], None)])
    assert numbers.pass_rate is None and numbers.pass_at_n is None and numbers.solved_at_2 is None
    assert numbers.train_pass_rate == 1


def test_the_first_right_program_is_counted_over_rounds() -> None:
    answer = tuple(RIGHT[2:])
    ids = ("d0", "d1", "d2")
    half = [RIGHT[0], RIGHT[1], WRONG[2], WRONG[3]]
    none = task_numbers(FLIP, ids, [candidate(FLIP, list(WRONG), name="d1")], answer)
    train = task_numbers(FLIP, ids, [candidate(FLIP, half, name="d2")], answer)
    both = task_numbers(FLIP, ids, [candidate(FLIP, list(RIGHT), name="d1")], answer)
    assert (none.first_train_perfect, none.first_perfect) == (None, None)
    assert (train.first_train_perfect, train.first_perfect) == (3, None)
    in_all = none + train + both
    assert (in_all.first_train_perfect, in_all.first_perfect) == (6, 8)


def test_curves_end_with_the_numbers_of_the_table() -> None:
    answer = tuple(RIGHT[2:])
    right, wrong = candidate(FLIP, list(RIGHT)), candidate(FLIP, list(WRONG), name="w")
    numbers = [
        task_numbers(FLIP, ("r0/task/d00000", "w", "x", "y"), [right, wrong], answer),
        task_numbers(FLIP, ("w", "x"), [wrong], answer),
        task_numbers(FLIP, (), [], None),
    ]
    row, made = summarize(numbers), curves(numbers)
    assert made.pass_at_k is not None
    assert (len(made.pass_at_k.value), made.pass_at_k.every_task_to, made.pass_at_k.tasks) == (4, 2, 2)
    assert (made.pass_at_k.value[-1], made.train_pass_at_k.value[-1]) == pytest.approx(
        (row.pass_at_n, row.train_pass_at_n), abs=1e-6
    )
    assert made.pass_at_k.value[0] == 0.125 and made.train_pass_at_k.every_task_to == 0
    assert curves(numbers[2:]).pass_at_k is None
