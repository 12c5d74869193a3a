"""Executions ⇄ a folder, keyed by content.

Guarantees that what is read is what was written (checksums; a torn record is passed over) and that
any number of processes, on any number of machines, may use one folder: each appends to a file of
its own and reads those of the others when it opens the folder. Nothing is ever rewritten.
"""

import os
import struct
import uuid
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from arcloop.execution.frame import MAX_SIDE
from arcloop.records import Execution, Grid, Status

__all__ = ["Cache"]

RECORD = struct.Struct("<32sII")
"""Key, bytes of the execution, checksum over both."""
EXECUTION = struct.Struct("<BddHH")
"""Status, CPU seconds, wall seconds, bytes of error text, number of grids."""
STATUSES = tuple(Status)
MISSING = b"\0\0"


class Cache:
    """Executions by key; ids are the caller's."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._places: dict[bytes, tuple[Path, int, int]] = {}
        self._readers: dict[Path, BinaryIO] = {}
        self._writer: BinaryIO | None = None
        for segment in sorted(folder.glob("*.executions")):
            # A pipe would be waited for.
            if segment.is_file():
                self._index(segment)

    def __len__(self) -> int:
        return len(self._places)

    def _index(self, segment: Path) -> None:
        data = segment.read_bytes()
        position = 0
        while position + RECORD.size <= len(data):
            key, length, checksum = RECORD.unpack_from(data, position)
            start = position + RECORD.size
            position = start + length
            if position > len(data) or zlib.crc32(data[start:position], zlib.crc32(key)) != checksum:
                return  # torn by a crash: nothing after it can be trusted to begin where it seems to
            self._places[key] = (segment, start, length)

    def get(self, key: bytes) -> Execution | None:
        """The execution stored under ``key``, with an empty id; None if there is none."""
        place = self._places.get(key)
        if place is None:
            return None
        segment, start, length = place
        if segment not in self._readers:
            self._readers[segment] = segment.open("rb")
        reader = self._readers[segment]
        reader.seek(start)
        return unpack(reader.read(length))

    def put(self, key: bytes, execution: Execution) -> None:
        """Store ``execution`` under ``key``; the first one stored stays."""
        if key in self._places:
            return
        if self._writer is None:
            segment = self._folder / f"{uuid.uuid4().hex}.executions"
            self._writer = segment.open("xb", buffering=0)
            self._segment = segment
        data = pack(execution)
        start = self._writer.tell() + RECORD.size
        self._writer.write(RECORD.pack(key, len(data), zlib.crc32(data, zlib.crc32(key))) + data)
        self._places[key] = (self._segment, start, len(data))

    def close(self) -> None:
        """Put everything on disk and close the files; the cache can be used again afterwards."""
        if self._writer is not None:
            os.fsync(self._writer.fileno())
            self._writer.close()
            self._writer = None
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()


def pack(execution: Execution) -> bytes:
    """All of ``execution`` but its id."""
    error = execution.error.encode("utf-8", "replace")
    header = EXECUTION.pack(
        STATUSES.index(execution.status), execution.cpu_seconds, execution.seconds, len(error), len(execution.outputs)
    )
    return header + error + b"".join(_pack_grid(grid) for grid in execution.outputs)


def _pack_grid(grid: Grid | None) -> bytes:
    return MISSING if grid is None else bytes(grid.shape) + grid.tobytes()


def unpack(data: bytes) -> Execution | None:
    """The execution in ``data``, with an empty id; None if it is not one."""
    try:
        code, cpu, wall, length, count = EXECUTION.unpack_from(data)
        position = EXECUTION.size + length
        error = data[EXECUTION.size : position].decode()
        outputs: list[Grid | None] = []
        for _ in range(count):
            height, width = data[position], data[position + 1]
            end = position + 2 + height * width
            if max(height, width) > MAX_SIDE:
                return None
            cells = np.frombuffer(data[position + 2 : end], np.int8)
            outputs.append(cells.reshape(height, width) if height else None)
            position = end
        return Execution("", STATUSES[code], tuple(outputs), error, cpu, wall)
    except (struct.error, IndexError, ValueError):
        return None
