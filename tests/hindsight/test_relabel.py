"""Relabeling: what a program gave is what is shown, in every option."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import RelabelConfig
from arcloop.hindsight.relabel import Hindsight, example, relabel, relabeled_task
from arcloop.prompts.encoding import encode_boxes
from arcloop.prompts.format import PromptFormat
from arcloop.records import Augmentation, Candidate, Grid, Task
from arcloop.scoring import score_execution
from arcloop.tasks.augment import apply_grid, apply_task, invert_grid
from tests.arc_grids import FLIP, candidate, candidates, grid

ALL, VALID = RelabelConfig(), RelabelConfig(pairs="valid")
COMPACT = PromptFormat("compact", lambda messages: "".join(m.content for m in messages) + "\n---\n")
RIGHT: list[Grid | None] = [np.flip(g, 1) for g in FLIP.inputs]


def shown(hindsight: Hindsight) -> str:
    return example(hindsight, COMPACT).prompt


@given(candidates())
def test_a_relabeled_task_is_solved_by_its_own_program(given_: tuple[Task, list[Candidate]]) -> None:
    task, made = given_
    for one in made:
        asked = apply_task(one.augmentation, task)
        solved = relabeled_task(one, asked, ALL)
        if solved is None:
            assert any(output is None for output in one.execution.outputs)
        else:
            assert score_execution(one.execution, solved).perfect
            assert [a.tolist() for a in solved.test_inputs] == [b.tolist() for b in asked.test_inputs]


@given(candidates(), st.integers(1, 4))
def test_of_a_program_that_fails_here_and_there_only_valid_pairs_are_shown(
    given_: tuple[Task, list[Candidate]], least: int
) -> None:
    task, made = given_
    for one in made:
        asked = apply_task(one.augmentation, task)
        solved = relabeled_task(one, asked, RelabelConfig(pairs="valid", min_pairs=least))
        valid = sum(output is not None for output in one.execution.outputs)
        if solved is None:
            assert valid <= min(least, len(task.train)) + len(task.test_inputs)
            continue
        assert len(solved.train) >= min(least, len(task.train))
        # What is shown is what the program gave, and it gave a grid for each test input that may be shown.
        gave = [
            (i.tolist(), o.tolist()) for i, o in zip(asked.inputs, one.execution.outputs, strict=True) if o is not None
        ]
        assert [(p.input.tolist(), p.output.tolist()) for p in solved.train] == gave[: len(solved.train)]
        assert all(test.tolist() in [i for i, _ in gave] for test in solved.test_inputs)
        if valid == len(one.execution.outputs):
            assert len(solved.train) == len(task.train)


def test_without_a_valid_test_input_the_last_pair_gives_one() -> None:
    solved = relabeled_task(candidate(FLIP, [*RIGHT[:2], None, None]), FLIP, RelabelConfig(pairs="valid", min_pairs=1))
    assert solved is not None
    assert [p.input.tolist() for p in solved.train] == [FLIP.inputs[0].tolist()]
    assert [g.tolist() for g in solved.test_inputs] == [FLIP.inputs[1].tolist()]
    assert relabeled_task(candidate(FLIP, [*RIGHT[:2], None, None]), FLIP, VALID) is None


def test_an_example_shows_the_programs_own_outputs_and_a_test_input() -> None:
    frame = Augmentation(dihedral=1, order=(1, 0))
    asked = apply_task(frame, FLIP)
    outputs: list[Grid | None] = [np.flip(g, 0) for g in asked.inputs]
    source = "from common import *\n\ndef transform(g):\n    return np.flip(g, 0)\n"
    one = relabel(candidate(FLIP, outputs, source, augmentation=frame), asked, ALL, "name", random.Random(0))
    assert one is not None
    row = example(one, COMPACT)
    assert (row.id, row.task_id) == ("name", "flip")
    assert row.completion == "def transform(g):\n    return np.flip(g, 0)"
    for pair, output in zip(asked.train, outputs, strict=False):
        assert output is not None
        assert f"Input:\n{encode_boxes(pair.input)}\nOutput:\n{encode_boxes(output)}\n" in row.prompt
    last = row.prompt.split("Input:\n")[-1].split("\n---\n")[0]
    assert last in [encode_boxes(grid) for grid in asked.test_inputs]


def test_pairs_are_reshuffled_per_use_unless_they_are_to_stay() -> None:
    def prompts(config: RelabelConfig) -> set[str]:
        made = [relabel(candidate(FLIP, RIGHT), FLIP, config, "n", random.Random(seed)) for seed in range(20)]
        return {shown(one) for one in made if one is not None}

    assert len(prompts(ALL)) == 4  # two orders of pairs, two test inputs
    assert len(prompts(RelabelConfig(shuffle=False))) == 2


def test_the_documents_example_of_frames_is_true() -> None:
    turned = Augmentation(dihedral=1)
    original, asked, gave = grid("01", "00"), grid("10", "00"), grid("00", "10")
    assert np.array_equal(apply_grid(turned, original), asked)
    assert np.array_equal(np.roll(asked, 1, 0), gave)
    assert np.array_equal(np.roll(original, 1, 0), grid("00", "01"))
    assert np.array_equal(invert_grid(turned, gave), grid("10", "00"))


def test_nothing_is_relabeled_from_a_program_without_outputs() -> None:
    one = candidate(FLIP, [None] * 4)
    assert relabel(one, FLIP, VALID, "n", random.Random(0)) is None
    assert relabel(candidate(FLIP, [grid("1"), None, grid("1"), None]), FLIP, VALID, "n", random.Random(0)) is None
