"""Curation: what is learned from was chosen, run again where asked, and holds."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from arcloop.config import ExecutionConfig, RelabelConfig, SelectionConfig
from arcloop.execution import Sandbox
from arcloop.hindsight.curation import Curator, runs_programs
from arcloop.hindsight.filters import Drop
from arcloop.hindsight.relabel import Hindsight
from arcloop.programs import content_id
from arcloop.records import Augmentation, Candidate, Job, Pair, Program, Task
from arcloop.scoring import score_execution
from arcloop.tasks.augment import apply_task
from tests.arc_grids import FLIP, grid

OTHER = Task(
    "other", (Pair(grid("12", "30"), grid("03", "21")), Pair(grid("45", "67"), grid("54", "76"))), (grid("680", "123"),)
)
MIRROR = "from common import *\n\n# left and right\ndef transform(grid):\n    spare = grid + 1\n    return np.flip(grid, 1)\n"
FALL = "def transform(grid):\n    return np.roll(grid, 1, 0)\n"
PAINT = """from common import *

def transform(grid):
    grid[0, 0] = Color.RED
    grid[0, 1] = Color.BLUE
    grid[0, 0] += Color.PINK
    grid[grid > 9] = Color.GRAY
    return grid
"""
SWAP = """from common import *

def transform(grid):
    return np.where(grid == 1, Color.GREEN, np.where(grid == 9, Color.RED, grid))
"""
BOXES = ("grid[0, 0] = 7", "grid[0, 1] = 8")
RANDOM = "def transform(grid):\n    return np.random.permutation(grid.T)\n"
SEEDED = "def transform(grid):\n    np.random.seed(5)\n    return np.random.permutation(grid.T)\n"
TURNED = Augmentation(dihedral=1, colors=(0, 2, 1, 3, 4, 5, 6, 7, 8, 9), order=(1, 0))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ExecutionConfig(workers=1)) as box:
        yield box


def found(sandbox: Sandbox, source: str, frame: Augmentation | None = None, task: Task = FLIP) -> Candidate:
    """A program as a search finds it."""
    frame = frame or Augmentation()
    asked = apply_task(frame, task)
    name = f"r0/{task.id}/d{content_id(source)[:5]}"
    (execution,) = sandbox.execute([Job(name, source, asked.inputs)])
    program = Program(content_id(source), name, task.id, source)
    return Candidate(program, frame, execution, score_execution(execution, asked))


def curator(sandbox: Sandbox, relabel: RelabelConfig, **changes: object) -> Curator:
    fixed = Curator(SelectionConfig(policy="all"), relabel, 0, 0, sandbox)
    return dataclasses.replace(fixed, **changes)  # type: ignore[arg-type]


def solved_by(sandbox: Sandbox, taught: Hindsight) -> bool:
    """Does the program give exactly the shown pairs, and a grid for the shown test input?"""
    task = taught.task
    (execution,) = sandbox.execute(
        [Job("", taught.candidate.program.source, (*task.inputs, task.test_inputs[taught.test_index]))]
    )
    return score_execution(execution, task).perfect and execution.outputs[-1] is not None


@pytest.mark.parametrize(
    "relabel",
    [
        RelabelConfig(),
        RelabelConfig(pairs="valid"),
        RelabelConfig(frame="original"),
        RelabelConfig(simplify=True, comments=False),
        RelabelConfig(other_tasks=3, uses=2),
        RelabelConfig(simplify=True, reading_order=True, variants=2, other_tasks=1),
        RelabelConfig(pairs="valid", min_pairs=1, frame="original", uses=3, simplify=True, other_tasks=1),
    ],
)
def test_whatever_is_asked_for_every_program_solves_what_it_is_shown_with(
    relabel: RelabelConfig, sandbox: Sandbox
) -> None:
    made = [found(sandbox, source, frame) for source in (MIRROR, FALL, SEEDED) for frame in (None, TURNED)]
    taught, dropped = curator(sandbox, relabel).curate(FLIP, made, [FLIP, OTHER])
    assert taught and all(solved_by(sandbox, one) for one in taught)
    assert len({one.id for one in taught}) == len(taught)
    assert dropped.total() >= 3  # each program was found twice


def test_random_programs_are_found_out_by_another_seed(sandbox: Sandbox) -> None:
    made = [found(sandbox, source) for source in (RANDOM, SEEDED)]
    taught, dropped = curator(sandbox, RelabelConfig()).curate(FLIP, made)
    assert [one.candidate.program.source for one in taught] == [SEEDED]
    assert dropped == {Drop.NONDETERMINISTIC: 1}
    as_stored, dropped = curator(sandbox, RelabelConfig(), confirm=False, executor=None).curate(FLIP, made)
    assert len(as_stored) == 2 and not dropped


def test_main_may_be_random_too(sandbox: Sandbox) -> None:
    _, dropped = curator(sandbox, RelabelConfig()).curate(FLIP, [found(sandbox, RANDOM.replace("transform", "main"))])
    assert dropped == {Drop.NONDETERMINISTIC: 1}


def test_in_the_original_frame_the_pairs_are_what_the_program_gives_there(sandbox: Sandbox) -> None:
    # Down in a turned frame is sideways in the original one: only running it again tells what it solves there.
    one = found(sandbox, FALL, TURNED, OTHER)
    (taught,), _ = curator(sandbox, RelabelConfig(frame="original", shuffle=False)).curate(OTHER, [one])
    assert [p.input.tolist() for p in taught.task.train] == [p.input.tolist() for p in OTHER.train]
    assert [p.output.tolist() for p in taught.task.train] == [np.roll(p.input, 1, 0).tolist() for p in OTHER.train]
    assert taught.candidate.augmentation == Augmentation()


def test_other_tasks_are_shown_with_what_the_program_gives_there(sandbox: Sandbox) -> None:
    one = found(sandbox, MIRROR)
    taught, _ = curator(sandbox, RelabelConfig(other_tasks=5)).curate(FLIP, [one], [FLIP, OTHER])
    assert [(t.task.id, t.id) for t in taught] == [
        ("other", f"{one.program.completion_id}@other"),
        ("flip", one.program.completion_id),
    ]
    assert taught[0].candidate.score.correct == (False, True)


def test_uses_have_names_and_orders_of_their_own(sandbox: Sandbox) -> None:
    one = found(sandbox, MIRROR)
    taught, _ = curator(sandbox, RelabelConfig(uses=8)).curate(FLIP, [one])
    name = one.program.completion_id
    assert [t.id for t in taught] == [name, *(f"{name}/u{use}" for use in range(1, 8))]
    assert len({(t.task.train[0].input.tobytes(), t.test_index) for t in taught}) > 1


def test_programs_that_become_equal_are_learned_once(sandbox: Sandbox) -> None:
    twin = MIRROR.replace("spare = grid + 1", "spare = grid + 2")
    made = [found(sandbox, MIRROR), found(sandbox, twin, TURNED)]
    made[1] = dataclasses.replace(made[1], execution=made[0].execution, augmentation=Augmentation(order=(1, 0)))
    taught, dropped = curator(sandbox, RelabelConfig(simplify=True)).curate(FLIP, made)
    assert len(taught) == 1
    assert dropped.total() == 1


def test_programs_that_differ_in_the_order_of_their_rectangles_are_learned_once(sandbox: Sandbox) -> None:
    sources = [f"def transform(grid):\n    {a}\n    {b}\n    return grid\n" for a, b in (BOXES, BOXES[::-1])]
    made = [found(sandbox, sources[0]), found(sandbox, sources[1], TURNED)]
    made[1] = dataclasses.replace(made[1], execution=made[0].execution, augmentation=Augmentation(order=(1, 0)))
    taught, dropped = curator(sandbox, RelabelConfig(reading_order=True)).curate(FLIP, made)
    assert [one.candidate.program.source for one in taught] == [sources[0]]
    assert dropped.total() == 1


def test_variants_are_learned_from_beside_their_programs(sandbox: Sandbox) -> None:
    one = found(sandbox, PAINT)
    taught, dropped = curator(sandbox, RelabelConfig(variants=12)).curate(FLIP, [one])
    name = one.program.completion_id
    assert taught[-1].id == name and taught[-1].candidate.program.source == PAINT
    assert {t.id for t in taught[:-1]} < {f"{name}~{number}" for number in range(12)}
    # Some paint beside a small grid, which is an error.
    assert len(taught) >= 3 and len(taught) + dropped[Drop.FAILED] == 13
    assert len({t.candidate.program.id for t in taught}) == len(taught) and all(solved_by(sandbox, t) for t in taught)
    again, _ = curator(sandbox, RelabelConfig(variants=12)).curate(FLIP, [one])
    assert [t.candidate.program.source for t in again] == [t.candidate.program.source for t in taught]


def test_variants_pass_the_same_filters(sandbox: Sandbox) -> None:
    # With the two colours exchanged it gives every pair back as it was.
    taught, dropped = curator(sandbox, RelabelConfig(variants=50)).curate(FLIP, [found(sandbox, SWAP)])
    assert dropped[Drop.IDENTITY] and all(solved_by(sandbox, one) for one in taught)


def test_settings_that_run_programs_need_an_executor(sandbox: Sandbox) -> None:
    assert not runs_programs(RelabelConfig(pairs="valid", uses=3, comments=False))
    for relabel in (
        RelabelConfig(simplify=True),
        RelabelConfig(frame="original"),
        RelabelConfig(other_tasks=1),
        RelabelConfig(variants=1),
    ):
        assert runs_programs(relabel)
        with pytest.raises(ValueError, match="expected an executor"):
            curator(sandbox, relabel, executor=None, confirm=False).curate(FLIP, [found(sandbox, PAINT)], [OTHER])
