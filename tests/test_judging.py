"""Scoring, relabeling, selection, voting, submission and pass@k: the pure stages."""

import json
import random
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arc_grids import FLIP, candidate, candidates, framed_tasks, grid
from arcloop.augment import apply_grid, apply_task
from arcloop.config import SelectionConfig
from arcloop.encoding import decode_grid, encode_grid
from arcloop.errors import RunError
from arcloop.metrics import pass_at_k, summarize, task_numbers
from arcloop.prompts import PromptFormat
from arcloop.records import Augmentation, Candidate, Task
from arcloop.relabel import relabel, relabeled_task
from arcloop.scoring import pixel_similarity, score_execution
from arcloop.selection import Drop, rejected, select
from arcloop.submission import hits, submission_json, validate
from arcloop.voting import groups_for, output_for, vote

COMPACT = PromptFormat("compact", lambda messages: "".join(m.content for m in messages) + "\n---\n")
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
def test_a_relabeled_task_is_solved_by_its_own_program(given_: tuple[Task, list[Candidate]]) -> None:
    task, made = given_
    for one in made:
        solved = relabeled_task(one, task)
        if solved is None:
            assert any(output is None for output in one.execution.outputs)
        else:
            assert score_execution(one.execution, solved).perfect
            assert [a.tolist() for a in solved.test_inputs] == [
                b.tolist() for b in apply_task(one.augmentation, task).test_inputs
            ]


def test_an_example_shows_the_programs_own_outputs_and_a_test_input() -> None:
    frame = Augmentation(dihedral=1, order=(1, 0))
    asked = apply_task(frame, FLIP)
    outputs = [np.flip(g, 0) for g in asked.inputs]
    one = candidate(
        FLIP, outputs, "from common import *\n\ndef transform(g):\n    return np.flip(g, 0)\n", augmentation=frame
    )
    example = relabel(one, FLIP, COMPACT, random.Random(0))
    assert example is not None
    assert example.completion == "def transform(g):\n    return np.flip(g, 0)"
    for pair, output in zip(asked.train, outputs, strict=False):
        assert f"Input:\n{encode_grid(pair.input)}\nOutput:\n{encode_grid(output)}\n" in example.prompt
    shown = example.prompt.split("Input:\n")[-1].split("\n---\n")[0]
    assert any(np.array_equal(decode_grid(shown), g) for g in asked.test_inputs)


def test_pairs_are_reshuffled_per_use() -> None:
    one = candidate(FLIP, list(RIGHT))
    prompts = {relabel(one, FLIP, COMPACT, random.Random(seed)).prompt for seed in range(20)}  # type: ignore[union-attr]
    assert len(prompts) == 4  # two orders of pairs, two test inputs


@pytest.mark.parametrize(
    ("outputs", "source", "reason"),
    [
        ([RIGHT[0], None, RIGHT[2], RIGHT[3]], "def transform(g): ...", Drop.FAILED),
        (list(FLIP.inputs), "def transform(g): ...", Drop.IDENTITY),
        ([grid("7")] * 4, "def transform(g): ...", Drop.CONSTANT),
        (
            [grid("123", "456", "789"), *RIGHT[1:]],
            "def transform(g): return [[1, 2, 3], [4, 5, 6], [7, 8, 9]]",
            Drop.HARD_CODED,
        ),
        (RIGHT, "def transform(g): ..." + "#" * 200, Drop.HARD_CODED),
        (RIGHT, "def transform(g): ...", None),
    ],
)
def test_filters_drop_what_teaches_nothing(outputs: list[object], source: str, reason: Drop | None) -> None:
    assert rejected(candidate(FLIP, outputs, source), FLIP) is reason  # type: ignore[arg-type]


@given(candidates(), st.integers(1, 5))
def test_selection_takes_the_best_once_each_worst_first(given_: tuple[Task, list[Candidate]], k: int) -> None:
    task, made = given_
    chosen, dropped = select(made, task, SelectionConfig(k=k))
    everything, _ = select(made, task, SelectionConfig(policy="all"))
    assert len(everything) + sum(dropped.values()) == len(made)
    assert chosen == everything[-k:]
    assert all(rejected(one, task) is None for one in chosen)
    assert all(a.score.correct_share <= b.score.correct_share for a, b in pairwise(chosen))
    shuffled = random.Random(0).sample(made, len(made))
    assert select(shuffled, task, SelectionConfig(k=k))[0] == chosen


def test_of_equal_effects_the_shortest_program_stays() -> None:
    frame = Augmentation(dihedral=2, order=(1, 0))
    turned = [apply_grid(frame, g) for g in (RIGHT[1], RIGHT[0], RIGHT[2], RIGHT[3])]
    long, short = candidate(FLIP, list(RIGHT), "long" * 9), candidate(FLIP, list(turned), "short", "b", frame)
    chosen, dropped = select([long, short], FLIP, SelectionConfig())
    assert chosen == [short]
    assert dropped == {Drop.DUPLICATE: 1}


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
    for index, test_input in enumerate(task.test_inputs):
        outputs = [output_for(one, task, index) for one in made]
        known = {g.tobytes() for g in outputs if g is not None and not np.array_equal(g, test_input)}
        assert {group.grid.tobytes() for group in groups_for(made, task, index)} == known


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
    assert hits(content, {"flip": (RIGHT[2], RIGHT[3]), "other": (RIGHT[2],)}) == {"flip": [True, False]}


@given(framed_tasks())
def test_the_gold_answers_score_full_marks(framed: tuple[Task, Augmentation]) -> None:
    task, _ = framed
    answers = {task.id: tuple(np.flip(g, 0) for g in task.test_inputs)}
    content = {task.id: [{"attempt_1": a.tolist(), "attempt_2": [[0]]} for a in answers[task.id]]}
    assert hits(content, answers) == {task.id: [True] * len(task.test_inputs)}


def test_pass_at_k_is_the_share_of_draws_with_a_right_program() -> None:
    for n in range(1, 7):
        for correct in range(n + 1):
            for k in range(1, n + 1):
                draws = list(combinations(range(n), k))
                share = sum(any(i < correct for i in draw) for draw in draws) / len(draws)
                assert pass_at_k(n, correct, k) == pytest.approx(share)
    with pytest.raises(ValueError, match="expected"):
        pass_at_k(3, 1, 4)


def test_the_table_counts_missing_programs_as_wrong() -> None:
    answer = tuple(RIGHT[2:])
    made = [candidate(FLIP, list(RIGHT)), candidate(FLIP, list(WRONG), name="w"), candidate(FLIP, [None] * 4, name="n")]
    numbers = summarize([task_numbers(FLIP, 4, made, answer)], {"flip": [True, False]})
    assert (numbers.programs, numbers.valid_code, numbers.valid_outputs) == (4, 0.75, 0.5)
    assert (numbers.train_pass_rate, numbers.train_pass_at_n, numbers.pass_rate, numbers.pass_at_n) == (
        0.25,
        1,
        0.25,
        1,
    )
    assert (numbers.correct_grids, numbers.unique_outputs, numbers.solved_at_2) == (0.25, 1, 0.5)


def test_without_answers_the_table_has_no_numbers_that_need_them() -> None:
    numbers = summarize([task_numbers(FLIP, 1, [candidate(FLIP, list(RIGHT))], None)])
    assert numbers.pass_rate is None and numbers.pass_at_n is None and numbers.solved_at_2 is None
    assert numbers.train_pass_rate == 1
