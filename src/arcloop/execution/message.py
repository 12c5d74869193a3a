"""Orders from the supervisor to a worker and reports back: plain structs over a stream socket.

Both ends are the project's own code and no program ever holds a descriptor of this stream;
lengths are checked all the same, so that a damaged worker is an error and not a huge allocation.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from arcloop.execution import frame

__all__ = [
    "HELLO",
    "Ending",
    "Flag",
    "MessageError",
    "Order",
    "Report",
    "joined",
    "longest_order",
    "longest_report",
    "read_grids",
    "split",
]

LENGTH = struct.Struct("<I")
ORDER = struct.Struct("<QBddHI")
"""Number, flags, CPU seconds, wall seconds, inputs, bytes of source."""
REPORT = struct.Struct("<QBiddI")
"""Number, ending, detail, CPU seconds, wall seconds, peak memory in KiB."""
HELLO = struct.Struct("<Bi")
"""First bytes of a template on its control socket: protection level found, and 1 if its libraries loaded."""


class MessageError(Exception):
    """A stream between supervisor and worker carries something that is not a message."""


class Flag(IntFlag):
    """How an order is to be carried out."""

    SHARED = 1
    """May run in a process that serves several programs."""
    REVERSED = 2
    """Run the inputs from the last to the first; outputs keep the order of the inputs."""
    RESEEDED = 4
    """Draw other random numbers than usual."""


class Ending(IntEnum):
    """How a program's turn ended, as seen from outside its process."""

    FRAME = 0
    """It sent a frame, which follows the report's header."""
    CPU = 1
    """It was killed at the limit on CPU time."""
    WALL = 2
    """It was killed at the limit on wall time."""
    SIGNAL = 3
    """It died of the signal in ``detail``."""
    EXIT = 4
    """It ended with the exit code in ``detail`` and without a frame."""
    OVERSIZE = 5
    """It announced a frame of impossible length, ``detail``."""
    LOST = 6
    """Its workers died with it; said by the dispatcher, never by a worker."""
    APART = 7
    """It was not begun, as it is to have a process of its own; the worker sees to that, and no report says so."""


@dataclass(frozen=True, slots=True)
class Order:
    """One program to run."""

    number: int
    flags: Flag
    cpu: float
    """Limit in CPU seconds over all inputs."""
    wall: float
    """Limit in wall seconds over all inputs."""
    inputs: int
    """How many grids ``grids`` holds."""
    source: bytes
    """UTF-8 with surrogates passed through: what arrives is what was sent, and fails to compile there."""
    grids: bytes
    """``height, width, cells`` of each input, one after another."""

    def pack(self) -> bytes:
        """The order as bytes, without the length before it."""
        header = ORDER.pack(self.number, self.flags, self.cpu, self.wall, self.inputs, len(self.source))
        return b"".join((header, self.source, self.grids))

    @classmethod
    def parse(cls, body: bytes) -> "Order":
        """The order in ``body``, a whole message as given by ``split``."""
        number, flags, cpu, wall, inputs, length = ORDER.unpack_from(body)
        start = ORDER.size + length
        return cls(number, Flag(flags), cpu, wall, inputs, body[ORDER.size : start], body[start:])


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an order."""

    number: int
    ending: Ending
    detail: int
    """Signal, exit code or length, by ``ending``; of a frame 1 if its process served other programs too, else 0."""
    cpu: float
    """CPU seconds used."""
    wall: float
    """Wall seconds taken."""
    peak: int
    """Peak resident memory in KiB."""
    frame: bytes
    """The frame as it came, not yet parsed; empty unless ``ending`` says FRAME."""

    @property
    def alone(self) -> bool:
        """Did a process of its own send the frame?"""
        return self.ending is Ending.FRAME and self.detail == 0

    def pack(self) -> bytes:
        """The report as bytes, without the length before it."""
        header = REPORT.pack(self.number, self.ending, self.detail, self.cpu, self.wall, self.peak)
        return header + self.frame

    @classmethod
    def parse(cls, body: bytes) -> "Report":
        """The report in ``body``; raises ``MessageError`` if it is none."""
        if len(body) < REPORT.size:
            raise MessageError(f"report has {len(body)} bytes; expected at least {REPORT.size}")
        number, ending, detail, cpu, wall, peak = REPORT.unpack_from(body)
        if ending > max(Ending):
            raise MessageError(f"report has ending {ending}; expected 0–{max(Ending)}")
        return cls(number, Ending(ending), detail, cpu, wall, peak, body[REPORT.size :])


def split(buffer: bytearray, longest: int) -> bytes | None:
    """Take the first whole message out of ``buffer``; None if it has not arrived yet.

    Raises ``MessageError`` as soon as a message longer than ``longest`` bytes is announced.
    """
    if len(buffer) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack_from(buffer)
    if length > longest:
        raise MessageError(f"message announces {length} bytes; expected at most {longest}")
    end = LENGTH.size + length
    if len(buffer) < end:
        return None
    body = bytes(buffer[LENGTH.size : end])
    del buffer[:end]
    return body


def joined(body: bytes) -> bytes:
    """``body`` with its length before it."""
    return LENGTH.pack(len(body)) + body


def longest_report() -> int:
    """Bytes of the longest report there can be."""
    return REPORT.size + frame.cap(frame.MAX_INPUTS)


def longest_order(source: int) -> int:
    """Bytes of the longest order there can be with sources of at most ``source`` bytes."""
    return ORDER.size + source + frame.MAX_INPUTS * (2 + frame.MAX_SIDE**2)


def read_grids(raw: bytes, count: int) -> list[tuple[int, int, bytes]]:
    """Height, width and cells of each of the ``count`` grids of an order."""
    grids, position = [], 0
    for _ in range(count):
        height, width = raw[position], raw[position + 1]
        end = position + 2 + height * width
        grids.append((height, width, raw[position + 2 : end]))
        position = end
    return grids
