"""Frames: whatever arrives, the parser gives an outcome that keeps its promises, or its own error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.execution import message
from arcloop.execution.frame import CODES, FrameError, Outcome, cap, pack, parse
from arcloop.records import Status

GRIDS = st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(0, 9)).map(
    lambda sides: bytes(sides[:2]) + bytes([sides[2]]) * (sides[0] * sides[1])
)


def check(outcome: Outcome, inputs: int) -> None:
    assert len(outcome.outputs) == inputs
    assert outcome.status in CODES
    assert (outcome.status is Status.OK) == (outcome.error == "")
    assert len(outcome.error) <= 200
    assert outcome.error.isprintable()
    for grid in outcome.outputs:
        if grid is not None:
            assert grid.dtype == np.int8
            assert grid.ndim == 2
            assert 1 <= min(grid.shape) <= max(grid.shape) <= 30
            assert 0 <= grid.min() <= grid.max() <= 9
        else:
            assert outcome.status is not Status.OK


@given(st.binary(max_size=4000), st.integers(0, 5))
def test_any_bytes_are_an_outcome_or_a_frame_error(raw: bytes, inputs: int) -> None:
    try:
        outcome = parse(raw, inputs)
    except FrameError:
        return
    check(outcome, inputs)


@given(
    st.integers(0, 6),
    st.binary(max_size=30),
    st.lists(st.one_of(GRIDS, st.just(b"\0\0"), st.binary(max_size=20)), max_size=4),
    st.binary(max_size=3),
    st.integers(0, 4),
)
def test_frames_with_one_fault_are_an_outcome_or_a_frame_error(
    code: int, error: bytes, grids: list[bytes], rest: bytes, inputs: int
) -> None:
    try:
        outcome = parse(pack(code, error, grids) + rest, inputs)
    except FrameError:
        return
    check(outcome, inputs)
    assert not rest


@given(st.lists(GRIDS, max_size=5))
def test_what_was_packed_is_parsed(grids: list[bytes]) -> None:
    outcome = parse(pack(0, b"", grids), len(grids))
    assert outcome.status is Status.OK
    assert [bytes(grid.shape) + grid.tobytes() for grid in outcome.outputs if grid is not None] == grids


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "bytes"),
        (pack(6, b"x", []), "status code"),
        (pack(0, b"", [b"\1\1\1"]), "grids"),
        (pack(1, b"", []), "error text"),
        (pack(0, b"x", []), "error text"),
        (pack(1, b"\xff", []), "UTF-8"),
        (pack(1, b"x" * 201, []), "characters"),
        (pack(0, b"", []) + b"\0", "after its last grid"),
        (b"\1\0\0\xff\xff", "beyond its end"),
    ],
)
def test_each_fault_is_named(raw: bytes, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        parse(raw, 0)


@pytest.mark.parametrize(
    ("grid", "complaint"),
    [
        (b"\1\1\x0a", "outside 0–9"),
        (b"\x1f\1" + b"\0" * 31, "31×1"),
        (b"\0\1", "0×1"),
        (b"\2\2\1", "inside grid"),
        (b"\1", "before grid"),
    ],
)
def test_each_fault_of_a_grid_is_named(grid: bytes, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        parse(pack(0, b"", [grid]), 1)


def test_a_failure_with_every_grid_is_a_contradiction() -> None:
    with pytest.raises(FrameError, match="1 of 1 grids"):
        parse(pack(1, b"x", [b"\1\1\1"]), 1)


def test_a_frame_beyond_the_cap_is_not_looked_at() -> None:
    with pytest.raises(FrameError, match="bytes"):
        parse(b"\0" * (cap(2) + 1), 2)


def test_outputs_cannot_be_written_to() -> None:
    (grid,) = parse(pack(0, b"", [b"\1\1\1"]), 1).outputs
    assert grid is not None
    with pytest.raises(ValueError, match="read-only"):
        grid[0, 0] = 2


@given(st.binary(max_size=300), st.integers(0, 100))
def test_any_stream_splits_or_is_refused_before_it_is_kept(raw: bytes, longest: int) -> None:
    buffer = bytearray(raw)
    taken = 0
    try:
        while (body := message.split(buffer, longest)) is not None:
            assert len(body) <= longest
            taken += 4 + len(body)
    except message.MessageError:
        pass
    assert taken + len(buffer) == len(raw)


@given(st.binary(max_size=80))
def test_any_report_is_one_or_a_message_error(raw: bytes) -> None:
    try:
        report = message.Report.parse(raw)
    except message.MessageError:
        return
    assert report.pack() == raw or report.cpu != report.cpu or report.wall != report.wall


@given(st.text(max_size=50), st.integers(0, 2**63), st.lists(GRIDS, max_size=3))
def test_orders_arrive_as_they_were_sent(source: str, number: int, grids: list[bytes]) -> None:
    order = message.Order(number, message.Flag.REVERSED, 1.5, 9.0, len(grids), source.encode(), b"".join(grids))
    assert message.Order.parse(order.pack()) == order
    assert [bytes((h, w)) + cells for h, w, cells in message.read_grids(order.grids, order.inputs)] == grids
