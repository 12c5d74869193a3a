"""Hand-written solutions of training tasks, and the exercises around them."""

import random

import numpy as np
import pytest

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.exercises.exercise import sample_exercise
from arcloop.exercises.inputs import SHARED
from arcloop.exercises.mutants import concepts_of, given, mutated
from arcloop.exercises.solved import Solution, _recolored, solutions
from arcloop.exercises.trusted import run_source
from arcloop.grammar import Scope
from arcloop.records import Job
from arcloop.tasks.sets import load_answers, load_tasks


def test_every_solution_solves_its_training_task() -> None:
    tasks = {task.id: task for task in load_tasks("arc1-train")}
    answers = load_answers("arc1-train")
    for solution in solutions():
        task = tasks[solution.task_id]
        expected = [*(pair.output for pair in task.train), *answers[task.id]]
        for made, wanted in zip(run_source(solution.source, task.inputs), expected, strict=True):
            assert made is not None and np.array_equal(made, wanted), solution.task_id
    assert len(solutions()) >= 200 and not {solution.task_id for solution in solutions()} & SHARED


@pytest.mark.parametrize("solution", solutions(), ids=lambda solution: solution.task_id)
def test_solutions_have_the_form_of_the_models_programs(solution: Solution) -> None:
    first, empty, concepts, head, *body = solution.source.splitlines()
    assert (first, empty, head) == ("from common import *", "", "def transform(input_grid):")
    assert concepts.startswith("# concepts: ") and body[-1] == "    return grid"
    assert all(line.startswith("    ") and "#" not in line for line in body) and len(solution.source) <= 1000
    # A list that grows while it is gone through, or a condition that a mutant keeps true, would never end.
    assert "while " not in solution.source


def test_the_rows_around_solutions_follow_from_the_generator_and_are_right() -> None:
    rows = [[sample_exercise(random.Random(seed), drawing=0.0, solved=1.0) for seed in range(25)] for _ in range(2)]
    assert [row.source for row in rows[0]] == [row.source for row in rows[1]]
    for row in rows[0]:
        outputs = run_source(row.source, [pair.input for pair in row.pairs])
        for output, pair in zip(outputs, row.pairs, strict=True):
            assert output is not None and np.array_equal(output, pair.output)
    known = {solution.source for solution in solutions()}
    assert 0 < sum(row.source in known for row in rows[0]) < 25


@pytest.mark.parametrize("task_id", ["ea32f347", "08ed6ac7", "5117e062", "d90796e8"])
def test_colors_change_in_the_program_and_its_inputs_alike(task_id: str) -> None:
    """A recoloured solution gives on recoloured inputs what the solution gives, recoloured."""
    (solution,) = (one for one in solutions() if one.task_id == task_id)
    table = np.array([0, *random.Random(1).sample(range(1, 10), 9)], np.int8)
    other = _recolored(solution.source, table.tolist())
    assert other != solution.source
    given = run_source(solution.source, solution.inputs)
    for made, before in zip(run_source(other, [table[grid] for grid in solution.inputs]), given, strict=True):
        assert made is not None and before is not None and np.array_equal(made, table[before])


def test_the_concepts_of_a_mutant_are_its_own() -> None:
    source = "# concepts: crop, flip\ndef transform(input_grid):\n    grid = crop(input_grid)\n    grid = np.flip(grid, 0)\n    return grid\n"
    scope = Scope.of(random.Random(0), (np.eye(4, dtype=np.int8),))
    seen = set()
    for seed in range(60):
        made = mutated(source, scope, random.Random(seed), 1)
        concepts = concepts_of(made)
        seen.add(len(concepts))
        if "crop(" not in made and "flip" in made:
            assert "crop" not in concepts and "flip" in concepts
        if "input_grid)\n    grid = np.flip(grid, " in made:  # a number has changed, or there is a statement more
            assert concepts[:2] == ("crop", "flip")
    assert seen >= {2, 3}


def test_failures_of_mutants_are_told_as_the_sandbox_tells_them() -> None:
    inputs = [np.eye(3, dtype=np.int8)] * 2
    bodies = (
        "x",
        "objects",
        "np.zeros((31, 2), int)",
        "input_grid[0]",
        "input_grid + 10",
        "input_grid / 2",
        "5",
        "input_grid > 0",
    )
    sources = [f"def transform(input_grid):\n    return {body}\n" for body in (*bodies, "np.mean([])[")]
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        jobs = [Job(str(n), source, tuple(inputs)) for n, source in enumerate(sources)]
        ran = {execution.id: execution for execution in sandbox.execute(jobs)}
    for number, source in enumerate(sources[:-1]):
        told, execution = given(source, inputs), ran[str(number)]
        error = execution.error.removeprefix("input 0: ")
        expected = [g if g is not None else error for g in execution.outputs[:1]]
        assert np.array_equal(told[0], expected[0]), (told, expected)
        assert isinstance(told[0], np.ndarray) or told[1] == "failed too"
    assert str(given(sources[-1], inputs)[0]).startswith("SyntaxError: ")
