"""What a worker gets of its machine."""

import pytest

from arcloop.cluster.nodes import Allotment, allotted


@pytest.mark.parametrize(
    "room, cpus, each, gpus, expected",
    [
        # As many groups as places: a worker for each.
        (4, 16, 1, 1.0, [Allotment(1.0, 1, 4)] * 4),
        # One group: all that the machine has.
        (4, 16, 4, 1.0, [Allotment(4.0, 4, 16)]),
        (2, 2, 2, 0.0, [Allotment(0.0, 2, 2)]),
        # Two groups, and a machine that is smaller than the others.
        (4, 16, 2, 1.0, [Allotment(2.0, 2, 8)] * 2),
        (1, 4, 2, 1.0, [Allotment(1.0, 1, 4)]),
        # Parts of a GPU, and several of them for each worker.
        (8, 16, 1, 0.5, [Allotment(0.5, 1, 2)] * 8),
        (8, 16, 8, 0.5, [Allotment(4.0, 4, 16)]),
        (2, 16, 1, 2.0, [Allotment(2.0, 2, 8)] * 2),
        # More programs than cores are never run, less than one neither.
        (4, 2, 1, 1.0, [Allotment(1.0, 1, 1)] * 4),
    ],
)
def test_a_machine_is_shared_out(room: int, cpus: int, each: int, gpus: float, expected: list[Allotment]) -> None:
    assert allotted(room, cpus, each, gpus) == expected
