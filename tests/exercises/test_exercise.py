"""Properties of inputs and rows for pretraining."""

import random
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from arcloop.exercises.exercise import LEAST, Exercise, example_of, sample_exercise
from arcloop.exercises.inputs import INPUT_KINDS, REAL, SHARED, real_inputs, sample_inputs
from arcloop.exercises.trusted import run_source
from arcloop.grammar import DRAWING
from arcloop.grammar.elements import drawing_lines
from arcloop.prompts.format import PromptFormat
from arcloop.records import Grid
from arcloop.tasks.pictures import FURTHER_COUNTS, FURTHER_SEEDS, NAMED, SMALLER, drawing_suite, generated_picture
from arcloop.tasks.sets import load_answers, load_tasks

ROWS = [sample_exercise(random.Random(seed)) for seed in range(600)]


def is_grid(grid: Grid) -> bool:
    return grid.ndim == 2 and 1 <= min(grid.shape) <= max(grid.shape) <= 30 and 0 <= grid.min() <= grid.max() <= 9


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_each_kind_draws_valid_inputs_from_the_seed(kind: str) -> None:
    for seed in range(12):
        inputs = sample_inputs(random.Random(seed), kind, 4)
        assert all(is_grid(grid) and grid.dtype == np.int8 for grid in inputs)
        assert kind == "blank" or len({grid.tobytes() + bytes(grid.shape) for grid in inputs}) == len(inputs)
        again = sample_inputs(random.Random(seed), kind, 4)
        assert len(inputs) == len(again)
        assert all(np.array_equal(a, b) for a, b in zip(inputs, again, strict=True))
    assert max(len(sample_inputs(random.Random(seed), kind, 4)) for seed in range(12)) >= 3


def test_real_inputs_are_training_inputs_only() -> None:
    def keys(grids: Iterable[Grid]) -> set[tuple[tuple[int, ...], bytes]]:
        return {(grid.shape, grid.tobytes()) for grid in grids}

    used = keys(grid for inputs in real_inputs() for grid in inputs)
    evaluation = load_tasks("arc1-eval")
    assert len(real_inputs()) == 400 - len(SHARED)
    assert used <= keys(grid for task in load_tasks("arc1-train") for grid in task.inputs)
    assert not used & keys(grid for task in evaluation for grid in task.inputs)
    assert not used & keys(pair.output for task in evaluation for pair in task.train)
    assert not used & keys(grid for answer in load_answers("arc1-eval").values() for grid in answer)


def test_rows_follow_from_the_seed() -> None:
    for seed in range(40):
        row, again = ROWS[seed], sample_exercise(random.Random(seed))
        assert row.source == again.source
        assert np.array_equal(row.test_input, again.test_input)
        assert all(np.array_equal(a.output, b.output) for a, b in zip(row.pairs, again.pairs, strict=True))


def test_each_program_maps_its_inputs_to_its_outputs() -> None:
    for row in ROWS:
        outputs = run_source(row.source, [pair.input for pair in row.pairs] + [row.test_input])
        assert outputs[-1] is not None
        for output, pair in zip(outputs, row.pairs, strict=False):
            assert output is not None
            assert is_grid(output)
            assert np.array_equal(output, pair.output)


def test_no_row_is_identity_or_constant() -> None:
    for row in ROWS:
        assert not all(np.array_equal(pair.input, pair.output) for pair in row.pairs)
        outputs = [pair.output for pair in row.pairs]
        if row.kind != "blank":
            assert not all(np.array_equal(outputs[0], output) for output in outputs)


def test_no_line_of_a_short_program_is_without_effect() -> None:
    """Leaving a plain line out breaks the program or changes some output."""
    for row in ROWS[:200]:
        head, body = row.source.split("def transform(input_grid):\n")
        lines = body.rstrip("\n").split("\n")
        if any(line.startswith("     ") for line in lines) or len(lines) < 4:
            continue
        inputs = [pair.input for pair in row.pairs] + [row.test_input]
        for index in range(1, len(lines) - 1):
            shorter = f"{head}def transform(input_grid):\n" + "\n".join(lines[:index] + lines[index + 1 :]) + "\n"
            *outputs, last = run_source(shorter, inputs)
            same = last is not None and all(
                output is not None and np.array_equal(output, pair.output)
                for output, pair in zip(outputs, row.pairs, strict=True)
            )
            assert not same, row.source


def test_sizes_and_shares() -> None:
    cells = sorted(row.cells for row in ROWS)
    assert cells[len(cells) * 9 // 10] <= 900
    assert cells[-1] <= 2700
    drawn = sum(row.concepts[0] == DRAWING for row in ROWS)
    assert 0.10 <= drawn / len(ROWS) <= 0.20
    assert all(2 <= len(row.pairs) <= 4 or row.kind == "blank" for row in ROWS)
    assert 0.1 <= sum(row.kind == REAL for row in ROWS) / len(ROWS) <= 0.3
    concepts = Counter(row.concepts[0] for row in ROWS if row.concepts[0] != DRAWING)
    assert len(concepts) > 100
    assert concepts.most_common(1)[0][1] < 0.06 * len(ROWS)


def test_weights_and_drawing_share_are_followed() -> None:
    rows: list[Exercise] = [sample_exercise(random.Random(seed), drawing=1.0, elements=8) for seed in range(20)]
    assert {row.concepts for row in rows} == {(DRAWING,)}
    rows = [sample_exercise(random.Random(seed), drawing=0.0) for seed in range(20)]
    assert not any(row.concepts[0] == DRAWING for row in rows)


def test_programs_can_be_longer() -> None:
    steps = (0.25, 0.25, 0.2, 0.15, 0.1, 0.05)
    long = [sample_exercise(random.Random(seed), drawing=0.0, steps=steps) for seed in range(200)]
    lengths = Counter(len(row.concepts) for row in long)
    assert lengths[1] < 100 and sum(lengths[n] for n in (3, 4, 5, 6)) > 30 and max(lengths) <= 6


def test_a_row_with_a_parent_shows_what_that_gives_and_asks_for_the_right_program() -> None:
    rows = [sample_exercise(random.Random(seed), refinement=1.0, drawing=0.2) for seed in range(60)]
    words = PromptFormat("compact", lambda messages: messages[-1].content)
    failing = 0
    for row in rows:
        parent = row.parent
        assert parent is not None and parent.source != row.source and len(parent.gave) == len(row.pairs)
        outputs = [] if any(isinstance(one, str) for one in parent.gave) else list(parent.gave)
        failing += not outputs
        wrong = [not np.array_equal(one, pair.output) for one, pair in zip(outputs, row.pairs, strict=False)]
        assert not outputs or any(wrong)
        found = [one for one in run_source(parent.source, [p.input for p in row.pairs]) if outputs]
        assert all(np.array_equal(one, gave) for one, gave in zip(found, outputs, strict=False))
        example = example_of(row, words)
        assert parent.source.rstrip() in example.prompt and example.completion == words.answer_text(row.source)
        assert row.source.rstrip() not in example.prompt
        assert row.cells <= 2700
    assert 0 < failing < 20


def test_too_few_cells_for_a_drawing_are_refused() -> None:
    assert sample_exercise(random.Random(0), LEAST, drawing=1.0).cells <= LEAST
    with pytest.raises(ValueError, match="max_cells is 26; expected at least 27"):
        sample_exercise(random.Random(0), LEAST - 1, drawing=1.0)


def test_the_drawing_suite() -> None:
    tasks, answers = drawing_suite()
    assert [task.id for task in tasks[: len(NAMED)]] == list(NAMED)
    assert [task.id for task in tasks[-len(SMALLER) :]] == list(SMALLER)
    assert len(tasks) == len(NAMED) + 30 + len(FURTHER_SEEDS) * len(FURTHER_COUNTS) + len(SMALLER) == len(answers)
    for task in tasks:
        (answer,) = answers[task.id]
        assert is_grid(answer)
        assert answer.any()
        assert all(not grid.any() and grid.shape == answer.shape for grid in task.inputs)
        assert all(np.array_equal(pair.output, answer) for pair in task.train)
    assert len({answer.tobytes() for (answer,) in answers.values()}) == len(tasks)


def test_generated_pictures_are_solved_by_one_statement_per_element() -> None:
    for count in (1, 7, 30):
        picture, elements = generated_picture(0, count)
        assert len(elements) == count
        body = "\n".join("    " + line for line in drawing_lines(elements).split("\n"))
        source = f"def transform(input_grid):\n    grid = input_grid.copy()\n{body}\n    return grid\n"
        (output,) = run_source(source, [np.zeros_like(picture)])
        assert output is not None
        assert np.array_equal(output, picture)
