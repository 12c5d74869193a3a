"""Pretraining rows: a random program and the task that it solves.

Turns a generator into a ``Exercise``: program × inputs → outputs. Promises that the program maps every
shown input to the shown output, that the task is neither identity nor (drawings aside) constant,
that no single statement at the top level of the program is without effect on the train pairs, and that equal generator
states give equal rows. The programs come from the project's own grammar and solutions, and run in this process.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from arcloop.exercises.inputs import OTHER_BACKGROUND, sample_inputs
from arcloop.exercises.mutants import concepts_of, given, mutated
from arcloop.exercises.solved import sample_solved
from arcloop.exercises.trusted import compile_source, run_all
from arcloop.exercises.worth import fit, instructive, simplify
from arcloop.grammar import DRAWING, PRODUCTIONS, Draft, Scope, sample_draft
from arcloop.grammar.elements import sample_drawing
from arcloop.grammar.program import STEPS, Statement, choose
from arcloop.programs import content_id
from arcloop.prompts.format import PromptFormat
from arcloop.records import Example, Grid, Pair, Parent, Task
from arcloop.rewriting.simplification import deletions, without

__all__ = [
    "LEAST",
    "Exercise",
    "example_of",
    "sample_exercise",
    "task_of",
    "with_parent",
]

_TRIES = 12
"""Mutants of a program that are tried."""
_MUTANTS = 0.4
"""Share of the exercises around solutions whose program is a mutant."""
_OWN = 0.7
"""Share of the exercises around solutions on inputs of the solution's own task."""
_FAILURES_PASSED_OVER = 0.8
"""Share of the mutants that fail which are passed over."""
LEAST = 27
"""Cells that the smallest drawing takes."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task and the program that made it."""

    source: str
    """The whole program."""
    pairs: tuple[Pair, ...]
    """2–4 train pairs; 1 for a drawing."""
    test_input: Grid
    """The test input that is shown; the program gives a valid grid on it too."""
    concepts: tuple[str, ...]
    """Concepts of the program, in order."""
    kind: str
    """Kind of the inputs."""
    parent: Parent | None = None
    """A program that is nearly this one, and what it gives for the train inputs, where it is shown to be bettered."""

    @property
    def cells(self) -> int:
        """Cells of all shown grids: about half the tokens of the prompt."""
        gave = sum(one.size for one in self.parent.gave if not isinstance(one, str)) if self.parent else 0
        return gave + self.test_input.size + sum(pair.input.size + pair.output.size for pair in self.pairs)


def sample_exercise(
    rng: random.Random,
    max_cells: int = 900,
    drawing: float = 0.15,
    weights: Mapping[str, float] | None = None,
    elements: int = 5,
    steps: Sequence[float] = STEPS,
    refinement: float = 0.0,
    solved: float = 0.0,
) -> Exercise:
    """Draw programs and inputs until a row is worth learning from.

    Args:
        rng: Decides everything.
        max_cells: Largest number of cells of all shown grids; one row in thirty may have three times as many.
        drawing: Share of rows from the drawing domain.
        weights: Factor on each concept's weight, as in ``sample_draft``.
        elements: Most elements of a drawing.
        steps: How often a program has one step, two steps, and so on, before what makes no difference is left out.
        refinement: Share of rows that show a nearly right program too, and ask for the right one.
        solved: Share of the other rows than drawings whose program solves a training task, or is a mutant of one.

    Raises:
        ValueError: ``max_cells`` is less than the smallest drawing takes.
    """
    if max_cells < LEAST:
        raise ValueError(f"max_cells is {max_cells}; expected at least {LEAST}")
    cells = 3 * max_cells if rng.random() < 1 / 30 else max_cells
    wants_drawing = rng.random() < drawing
    wants_parent = bool(refinement) and rng.random() < refinement
    wants_solved = bool(solved) and rng.random() < solved
    changed, own = rng.random() < _MUTANTS, rng.random() < _OWN
    while True:
        if wants_drawing:
            row = _drawing_row(rng, cells, elements)
        elif wants_solved:
            row = _solved_row(rng, cells, changed, own)
        else:
            row = _program_row(rng, cells, weights or {}, steps)
        if row is not None and wants_parent:
            row = with_parent(row, rng, cells)
        if row is not None:
            return row


def task_of(row: Exercise, task_id: str) -> Task:
    """The row as a task to be solved."""
    return Task(task_id, row.pairs, (row.test_input,))


def with_parent(row: Exercise, rng: random.Random, max_cells: int) -> Exercise | None:
    """The row with a program to be bettered: a mutant of its own that gives something else; None if none was found.

    A third of the mutants are changed in two places. What a mutant gives is mostly grids; failures are shown too. All grids that
    are shown have at most ``max_cells`` cells together.
    """
    scope = Scope.of(rng, tuple(pair.input for pair in row.pairs))
    inputs, failures = [pair.input for pair in row.pairs], 0
    for _ in range(_TRIES):
        source = mutated(row.source, scope, rng, 2 if rng.random() < 1 / 3 else 1)
        gave = given(source, inputs)
        failed = any(isinstance(one, str) for one in gave)
        failures += failed
        wrong = any(isinstance(g, str) or not np.array_equal(g, p.output) for g, p in zip(gave, row.pairs, strict=True))
        # A failure tells less than a grid that is nearly right, and most mutants that fail do so in the same ways.
        if source != row.source and wrong and not (failed and rng.random() < _FAILURES_PASSED_OVER):
            found = replace(row, parent=Parent(content_id(source), source, gave))
            if found.cells <= max_cells:
                return found
    return None


def example_of(row: Exercise, format_: PromptFormat) -> Example:
    """The row as the loop would relabel it."""
    prompt = format_.prompt_text(task_of(row, "row"), 0, row.parent)
    return Example("row", "row", prompt, format_.answer_text(row.source))


def _program_row(
    rng: random.Random, cells: int, weights: Mapping[str, float], steps: Sequence[float]
) -> Exercise | None:
    first = choose(rng, weights)
    for _ in range(3):
        kind = rng.choice(first.suits) if rng.random() < 0.85 else "real"
        inputs = sample_inputs(rng, kind, rng.randint(3, 5), cells // 4)
        if len(inputs) < 3:
            continue
        for _ in range(3):
            draft = sample_draft(Scope.of(rng, inputs), weights, first, steps)
            row = _row(draft, inputs, kind, cells)
            if row is not None:
                return row
    return None


def _solved_row(rng: random.Random, cells: int, changed: bool, own: bool) -> Exercise | None:
    """A solution of a training task, or with ``changed`` a mutant of one, on inputs of its ``own`` task or of any."""
    source, inputs, kind = sample_solved(rng, cells, own)
    if len(inputs) < 3:
        return None
    if changed:
        source = mutated(source, Scope.of(rng, inputs), rng, rng.randint(1, 2))
    outputs = _tried(source, inputs)
    if outputs is None:
        return None
    count = fit(inputs, outputs[:-1], cells)
    shown, outputs = (*inputs[:count], inputs[-1]), outputs[:count]
    # A solution on its own inputs does what its task asks for, and if that is one colour.
    if count < 2 or not instructive(shown[:-1], outputs, False, own and not changed):
        return None
    for span in reversed(deletions(source)):
        shorter = without(source, [span])
        found = _tried(shorter, shown)
        if found is not None and all(map(np.array_equal, found, outputs)):
            source = shorter
    pairs = tuple(Pair(grid, output) for grid, output in zip(shown[:-1], outputs, strict=True))
    return Exercise(source, pairs, shown[-1], concepts_of(source), kind)


def _tried(source: str, inputs: Sequence[Grid]) -> list[Grid] | None:
    """As ``run_all``, of a program that was changed blindly: it may not even compile, which is no fault of ours."""
    try:
        transform = compile_source(source)
    except Exception:
        return None
    return run_all(transform, inputs)


def _drawing_row(rng: random.Random, cells: int, elements: int) -> Exercise | None:
    count = rng.randint(1, elements)
    side = max(3, min(30, int((cells / 3) ** 0.5)))
    height = rng.randint(min(4, side), min(side, 6 + 4 * count))
    width = height if rng.random() < 0.7 else rng.randint(min(4, side), min(side, 6 + 4 * count))
    code = sample_drawing(rng, count, height, width)
    if not code:
        return None
    draft = Draft(tuple(Statement(DRAWING, line) for line in code.split("\n")))
    back = rng.randint(1, 9) if rng.random() < OTHER_BACKGROUND else 0
    blank: Grid = np.full((height, width), back, dtype=np.int8)
    return _row(draft, (blank, blank), "blank", cells)


def _row(draft: Draft, inputs: tuple[Grid, ...], kind: str, cells: int) -> Exercise | None:
    outputs = run_all(compile_source(draft.source), inputs)
    if outputs is None:
        return None
    drawn = draft.concepts[0] == DRAWING
    count = fit(inputs, outputs[:-1], cells)
    if count < (1 if drawn else 2):
        return None
    shown, outputs = (*inputs[:count], inputs[-1]), outputs[:count]
    if not instructive(shown[:-1], outputs, kind == "blank", drawn or PRODUCTIONS[draft.concepts[0]].plain):
        return None
    draft = simplify(draft, shown, outputs)
    pairs = tuple(Pair(grid, output) for grid, output in zip(shown[:-1], outputs, strict=True))
    return Exercise(draft.source, pairs, shown[-1], draft.concepts, kind)
