"""Outcome of one program ⇄ bytes: the only thing that ever comes back from a process that ran one.

Guarantees: ``parse`` returns an outcome that keeps every promise of ``Outcome`` or raises
``FrameError``, whatever the bytes; it reads no length it has not checked and allocates no more
than the frame's own size. A forged frame can therefore say nothing that returning grids could not.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arcloop.records import Grid, Status

__all__ = ["MAX_CHARACTERS", "MAX_INPUTS", "MAX_SIDE", "FrameError", "Outcome", "cap", "pack", "parse"]

MAX_SIDE = 30
"""Cells along a side of a grid, at the most."""
MAX_INPUTS = 1024
"""Inputs of one job, at the most."""
MAX_CHARACTERS = 200
"""Characters of an error's text, at the most."""

COLORS = bytes(range(10))
HEADER = struct.Struct("<BHH")
"""Status code, number of grids, bytes of error text."""
CODES = (Status.OK, Status.ERROR, Status.SYNTAX_ERROR, Status.MEMORY, Status.INVALID_OUTPUT, Status.NO_ENTRY)
"""The statuses that a process can claim for itself; the others are found out from outside."""


class FrameError(Exception):
    """The bytes are not a frame for this job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process says about the program that it ran."""

    status: Status
    """One of ``CODES``; ``ok`` if and only if every input gave a grid."""
    error: str
    """Text on the first failure, empty if and only if the status is ``ok``."""
    outputs: tuple[Grid | None, ...]
    """One entry per input."""


def cap(inputs: int) -> int:
    """Bytes of the longest frame that a job with so many inputs can have."""
    return HEADER.size + 4 * MAX_CHARACTERS + inputs * (2 + MAX_SIDE * MAX_SIDE)


def pack(code: int, error: bytes, grids: Sequence[bytes]) -> bytes:
    """Join the parts of a frame; ``grids`` are ``height, width, cells`` each, two zero bytes where none came."""
    return HEADER.pack(code, len(grids), len(error)) + error + b"".join(grids)


def parse(frame: bytes, inputs: int) -> Outcome:
    """The outcome in ``frame``, which must answer a job with ``inputs`` inputs.

    Output grids are read-only views of the frame. Raises ``FrameError`` for anything malformed.
    """
    if not HEADER.size <= len(frame) <= cap(inputs):
        raise FrameError(f"frame has {len(frame)} bytes; expected {HEADER.size}–{cap(inputs)}")
    code, count, length = HEADER.unpack_from(frame)
    if code >= len(CODES):
        raise FrameError(f"frame has status code {code}; expected 0–{len(CODES) - 1}")
    if count != inputs:
        raise FrameError(f"frame has {count} grids; expected {inputs}")
    position = HEADER.size + length
    if position > len(frame):
        raise FrameError(f"frame announces {length} bytes of error text beyond its end")
    error = _text(frame[HEADER.size : position])
    outputs: list[Grid | None] = []
    for index in range(inputs):
        grid, position = _grid(frame, position, index)
        outputs.append(grid)
    if position != len(frame):
        raise FrameError(f"frame has {len(frame) - position} bytes after its last grid")
    status = CODES[code]
    complete = all(grid is not None for grid in outputs)
    if (status is Status.OK) != complete and not (inputs == 0 and status is not Status.OK):
        raise FrameError(f"frame says {status} with {sum(grid is not None for grid in outputs)} of {inputs} grids")
    if (status is Status.OK) == bool(error):
        raise FrameError(f"frame says {status} with {len(error)} characters of error text")
    return Outcome(status, error, tuple(outputs))


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as failure:
        raise FrameError("error text is not UTF-8") from failure
    if len(text) > MAX_CHARACTERS:
        raise FrameError(f"error text has {len(text)} characters; expected at most {MAX_CHARACTERS}")
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _grid(frame: bytes, position: int, index: int) -> tuple[Grid | None, int]:
    if position + 2 > len(frame):
        raise FrameError(f"frame ends before grid {index}")
    height, width = frame[position], frame[position + 1]
    position += 2
    if height == 0 and width == 0:
        return None, position
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise FrameError(f"grid {index} is {height}×{width}; expected 1–{MAX_SIDE} a side")
    end = position + height * width
    cells = frame[position:end]
    if end > len(frame):
        raise FrameError(f"frame ends inside grid {index}")
    if cells.translate(None, COLORS):
        raise FrameError(f"grid {index} has a cell outside 0–9")
    return np.frombuffer(cells, np.int8).reshape(height, width), end
