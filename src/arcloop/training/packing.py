"""Rows of a batch → what goes through the network at once."""

from collections.abc import Iterator, Sequence

from arcloop.config import TrainingConfig
from arcloop.training.rows import Row

__all__ = ["passes"]


def passes(rows: Sequence[Row], config: TrainingConfig, tokens: int) -> Iterator[list[Row]]:
    """The rows in packs of at most ``tokens`` tokens, a longer row alone; each row once.

    The longest row comes first and takes along what fits (first fit, decreasing), which leaves
    packs nearly full. Without packing: ``per_device_train_batch_size`` rows each, in their order.
    """
    if not config.packing:
        size = config.per_device_train_batch_size
        for start in range(0, len(rows), size):
            yield list(rows[start : start + size])
        return
    packs: list[list[Row]] = []
    room: list[int] = []
    for row in sorted(rows, key=lambda row: len(row.ids), reverse=True):
        length = len(row.ids)
        place = next((k for k, free in enumerate(room) if free >= length), None)
        if place is None:
            packs.append([row])
            room.append(tokens - length)
        else:
            packs[place].append(row)
            room[place] -= length
    yield from packs
