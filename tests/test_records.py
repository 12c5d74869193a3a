import numpy as np
from hypothesis import given

from arcloop.config import AugmentConfig
from arcloop.prompts.encoding import COLOR_NAMES, encode_grid
from arcloop.records import Augmentation, Grid, Task
from arcloop.seeds import generator, seed_of
from arcloop.tasks.augment import apply_grid, apply_task, invert_grid, original_outputs
from tests.arc_grids import FLIP, framed_tasks, grid, grids, tasks


@given(framed_tasks())
def test_augmentation_is_undone_by_its_inverse(framed: tuple[Task, Augmentation]) -> None:
    task, frame = framed
    for original in task.inputs:
        restored = invert_grid(frame, apply_grid(frame, original))
        assert restored.dtype == np.int8
        assert np.array_equal(restored, original)


@given(framed_tasks())
def test_outputs_come_back_to_the_frame_and_order_of_the_task(framed: tuple[Task, Augmentation]) -> None:
    task, frame = framed
    asked = apply_task(frame, task)
    # A program that knows all the answers of the augmented task …
    outputs = [pair.output for pair in asked.train] + [None for _ in asked.test_inputs]
    restored = original_outputs(frame, outputs, len(task.train))
    # … gives those of the original one.
    for pair, output in zip(task.train, restored, strict=False):
        assert output is not None and np.array_equal(output, pair.output)
    assert restored[len(task.train) :] == (None,) * len(task.test_inputs)


def test_the_eight_dihedral_elements_differ() -> None:
    corner = grid("12", "34")
    looks = {apply_grid(Augmentation(dihedral), corner).tobytes() for dihedral in range(8)}
    assert len(looks) == 8


def test_augmentation_keeps_what_it_is_told_to_keep() -> None:
    from arcloop.tasks.augment import sample_augmentation

    still = AugmentConfig(dihedral=False, colors=False, order=False)
    frame = sample_augmentation(still, FLIP, generator(0))
    assert frame == Augmentation(order=(0, 1))
    frames = [sample_augmentation(AugmentConfig(keep_background=1.0), FLIP, generator(i)) for i in range(50)]
    assert all(frame.colors[0] == 0 and sorted(frame.colors) == list(range(10)) for frame in frames)
    assert len({frame.dihedral for frame in frames}) == 8


@given(grids())
def test_encoding_is_invertible(any_grid: Grid) -> None:
    rows = [[COLOR_NAMES.index(word) for word in line.split(" ")] for line in encode_grid(any_grid).split("\n")]
    assert np.array_equal(rows, any_grid)


def test_encoding_names_colours_with_single_spaces() -> None:
    assert encode_grid(grid("01", "58")) == "Black Blue\nGray Purple"
    assert len(set(COLOR_NAMES)) == 10


@given(tasks())
def test_inputs_are_train_inputs_then_test_inputs(task: Task) -> None:
    assert len(task.inputs) == len(task.train) + len(task.test_inputs)
    assert task.inputs[0] is task.train[0].input
    assert task.inputs[-1] is task.test_inputs[-1]


def test_seeds_follow_from_coordinates_alone() -> None:
    assert seed_of(1, "draw", 0, "007bbfb7", 3) == seed_of(1, "draw", 0, "007bbfb7", 3)
    assert seed_of(1, "draw") != seed_of("1", "draw")
    assert seed_of("ab", "c") != seed_of("a", "bc")
    # A stored run can be replayed only as long as this number stays.
    assert seed_of(0, "augment") == 140043088514679896
