"""A program and its inputs → a frame, inside the process that runs the program.

Everything here shares an interpreter with hostile code: nothing is guaranteed but the intent. What
is promised is promised from outside, by the worker that kills this process and the supervisor that
parses its frame. Each input is a fresh int64 copy, each call begins with the same random state.
"""

import gc
import mmap
import os
import resource
import struct
import sys
import traceback
import typing
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, thread_time
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from arcloop.execution import landlock, limits, message, randomness, seccomp
from arcloop.execution.frame import CODES, MAX_CHARACTERS, MAX_SIDE, pack
from arcloop.execution.plain import is_plain
from arcloop.execution.state import Watch
from arcloop.records import Status

__all__ = ["NO_OUTCOME", "Setting", "describe", "packed_grid", "prepare", "run", "serve"]

NO_OUTCOME = 70
"""Exit code of a process whose own bookkeeping was destroyed."""
CHANNEL, ORDERS = 3, 4
"""Descriptors of a process that runs programs: frames out, and in a shared one orders in."""
TIMES = struct.Struct("<dd")
"""CPU and wall seconds of a program, before its frame from a shared process."""
GROWTH = 16 << 10
"""KiB of memory by which a shared process may have grown before it is given up."""
_CACHES: list[Callable[[], None]] = vars(typing).get("_cleanups", [])
"""What empties the caches of ``typing``, the only ones of the library that a plain program reaches: they keep what it puts into
brackets, and answer ``List[1]`` with another's ``List[1.0]``."""
ROOM = 1000
"""Calls that a program may be deep in, as in an interpreter of its own."""
PROGRAM = ModuleType("program")
"""The module that a program with a process of its own is run in: dataclasses and others look it up."""
MISSING = b"\0\0"
APART = b""
"""In place of a frame from a shared process: the program is to have a process of its own."""
OK, ERROR, SYNTAX_ERROR, MEMORY, INVALID_OUTPUT, NO_ENTRY = map(
    CODES.index,
    (Status.OK, Status.ERROR, Status.SYNTAX_ERROR, Status.MEMORY, Status.INVALID_OUTPUT, Status.NO_ENTRY),
)


@dataclass(frozen=True)
class Setting:
    """What all programs of a worker have in common."""

    names: dict[str, Any]
    """Namespace at a program's beginning."""
    watch: Watch
    """State of the interpreter before any program."""
    filter: bytes
    """System-call filter as BPF code; empty where the kernel offers none."""
    space: int
    """Limit on the address space, in bytes."""
    shared: int
    """Programs that one process serves at the most."""
    cell: int
    """Descriptor that ``landlock.lock_in`` takes; -1 where there is no Landlock."""


def prepare(setting: Setting, cpu: float, frames: int, orders: int | None) -> None:
    """Turn a fresh fork of the worker into a process that may run programs: descriptors, limits, filter."""
    limits.die_with_parent()
    if setting.cell >= 0:
        landlock.lock_in(setting.cell)
    os.dup2(frames, CHANNEL) if orders is None else _place(frames, orders)
    os.closerange(CHANNEL + 1 if orders is None else ORDERS + 1, 1 << 20)
    limits.child(setting.space, cpu)
    if setting.filter:
        seccomp.install(setting.filter)


def _place(frames: int, orders: int) -> None:
    """Bring the two descriptors to their fixed places, whatever their numbers are."""
    spare = max(frames, orders, ORDERS) + 1
    os.dup2(frames, spare)
    os.dup2(orders, ORDERS)
    os.dup2(spare, CHANNEL)


def serve(setting: Setting) -> None:
    """Run plain programs one after another until the orders end or the interpreter is no longer as it was.

    A program that is not plain is answered with ``APART``, and is not begun.
    """
    buffer = bytearray()
    at_rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # What may still be mapped, less one step of what is looked for, which the interpreter may come to take.
    room = next((size for size in range(setting.space, 0, -GROWTH << 10) if _free(size)), 0) - (GROWTH << 10)
    while True:
        body = message.split(buffer, 1 << 20)
        while body is None:
            received = os.read(ORDERS, 1 << 16)
            if not received:
                return
            buffer += received
            body = message.split(buffer, 1 << 20)
        order = message.Order.parse(body)
        if not is_plain(order.source):
            os.write(CHANNEL, message.joined(APART))
            continue
        # The process's clock is as coarse as the kernel's ticks where CPU time is limited; the thread's is exact.
        cpu, wall = thread_time(), monotonic()
        # Each has a namespace of its own, so that what is left of one writes into none of another.
        witness = _Witness()
        space: dict[str, Any] = {"__witness__": witness}
        usual = sys.getrecursionlimit()
        frame = run(order, setting.names, space)
        sys.setrecursionlimit(usual)
        os.write(CHANNEL, message.joined(TIMES.pack(thread_time() - cpu, monotonic() - wall) + frame))
        # The verdict stands; what follows only decides whether this process may serve another program.
        there = weakref.ref(witness)
        del witness, space
        for forget in _CACHES:
            forget()
        gc.collect()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at_rest > GROWTH or not _free(room)
        clean = not grown and there() is None and not setting.watch.changed()
        os.write(CHANNEL, b"\1" if clean else b"\0")
        if not clean:
            return


def _free(size: int) -> bool:
    """May the process map so many bytes more?"""
    try:
        mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, ValueError):
        return size <= 0
    return True


class _Witness:
    """In a program's namespace, under a name that it cannot say: there as long as any code of the program is.

    Functions and generators hold their namespace. One that a cache of the interpreter keeps would run in the middle of a later
    program, when it is thrown out.
    """


def run(order: message.Order, names: dict[str, Any], space: dict[str, Any]) -> bytes:
    """Run ``order``'s program on its inputs, in the namespace ``space``, and pack what came of it; never raises because of the program."""
    # However deep this is called.
    sys.setrecursionlimit(ROOM + sum(1 for _ in traceback.walk_stack(None)))
    space.update(names, __name__="program", __doc__=None)
    missing = [MISSING] * order.inputs
    randomness.settle(1 if message.Flag.RESEEDED in order.flags else 0)
    try:
        code = compile(order.source.decode("utf-8", "surrogatepass"), "<program>", "exec", dont_inherit=True)
    except MemoryError:
        return pack(MEMORY, b"MemoryError while compiling", missing)
    except BaseException as failure:
        return pack(SYNTAX_ERROR, describe(failure), missing)
    randomness.reset()
    try:
        exec(code, space)  # noqa: S102  # running unread code is the point; this process is built for it
        entry = space.get("transform", space.get("main"))
    except BaseException as failure:
        sys.settrace(None)
        return pack(_code(failure), describe(failure), missing)
    sys.settrace(None)
    if not callable(entry):
        return pack(NO_ENTRY, b"the program defines neither transform nor main", missing)
    return _calls(entry, order)


def _calls(entry: Callable[[Any], object], order: message.Order) -> bytes:
    """Call ``entry`` on every input, whatever became of the others.

    The first failure by input counts; lack of memory before all.
    """
    inputs = message.read_grids(order.grids, order.inputs)
    indices: Sequence[int] = range(order.inputs)
    if message.Flag.REVERSED in order.flags:
        indices = indices[::-1]
    grids = [MISSING] * order.inputs
    failures: dict[int, tuple[int, bytes]] = {}
    for index in indices:
        height, width, cells = inputs[index]
        grid = np.frombuffer(cells, np.int8).reshape(height, width).astype(np.int64)
        try:
            randomness.reset()
            reason, grids[index] = packed_grid(entry(grid))
            if reason:
                failures[index] = (INVALID_OUTPUT, reason.encode())
        except MemoryError as failure:
            # As with a timeout nothing is kept: filling the memory again for each input takes seconds.
            return pack(MEMORY, describe(failure), [MISSING] * order.inputs)
        except BaseException as failure:
            failures[index] = (ERROR, describe(failure))
        finally:
            sys.settrace(None)
    if not failures:
        return pack(OK, b"", grids)
    first = min(failures)
    code, text = failures[first]
    return pack(code, _cut(f"input {first}: {text.decode()}"), grids)


def _code(failure: BaseException) -> int:
    return MEMORY if isinstance(failure, MemoryError) else ERROR


def describe(failure: BaseException) -> bytes:
    """Type and text of an exception, at most ``MAX_CHARACTERS`` and never empty; both may be the program's doing."""
    try:
        kind = str.__getitem__(type.__dict__["__name__"].__get__(type(failure)), slice(MAX_CHARACTERS))
    except BaseException:
        kind = "exception"
    try:
        text = str.__getitem__(str(failure), slice(MAX_CHARACTERS))
    except BaseException:
        text = "(its text cannot be read)"
    return _cut(f"{kind}: {text}" if text else kind)


def _cut(text: str) -> bytes:
    # Lone surrogates become escapes first, because they cannot travel and an escape is longer.
    return text.encode("utf-8", "backslashreplace").decode()[:MAX_CHARACTERS].encode()


def packed_grid(result: object) -> tuple[str, bytes]:
    """Why ``result`` is not a grid, or the grid's bytes: height, width and a byte for each cell; reads arrays through ndarray's own methods only."""
    if type(result) in (list, tuple):
        try:
            result = np.array(result)
        except ValueError:
            return "returned rows of different lengths; expected a 2-D array", MISSING
    if not issubclass(type(result), np.ndarray):
        return f"returned {type(result).__name__[:80]}; expected a 2-D array", MISSING
    # By type and ndarray's own methods: isinstance and attributes can be lied to by a class of the program's.
    array: NDArray[Any] = np.ndarray.view(cast(NDArray[Any], result), np.ndarray)
    if array.ndim != 2:
        return f"returned an array with {array.ndim} dimensions; expected 2", MISSING
    height, width = array.shape
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        return f"returned {height}×{width} cells; expected 1–{MAX_SIDE} a side", MISSING
    if array.dtype.kind == "O" and all(type(cell) is int or issubclass(type(cell), np.integer) for cell in array.flat):
        # Whole numbers, each an object: what np.array makes of a list that a program filled with its own.
        if any(not 0 <= cell <= 9 for cell in array.flat):
            return "returned a cell outside 0–9", MISSING
        array = array.astype(np.int64)
    if array.dtype.kind not in "biuf":
        return f"returned cells of type {str(array.dtype)[:80]}; expected integers", MISSING
    array = array.copy()
    if not ((array >= 0) & (array <= 9)).all():
        return "returned a cell outside 0–9", MISSING
    cells = array.astype(np.uint8)
    if array.dtype.kind == "f" and not (cells == array).all():
        return "returned a cell that is not a whole number", MISSING
    return "", bytes((height, width)) + cells.tobytes()
