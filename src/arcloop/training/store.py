"""Token rows → one file on disk that is read by places.

The rows of a training set, tokenised once, may be larger than memory: the file is uncompressed
Arrow and mapped, so a row costs the pages that it lies on. Beside it, what an order is made of
(lengths, tasks, sources) is at hand as vectors. The file is written once and then only read, by
as many processes as like.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from pathlib import Path
from typing import SupportsIndex, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arcloop.errors import RunError
from arcloop.files import writing
from arcloop.training.rows import Row

__all__ = ["RowStore"]

_SCHEMA = pa.schema(
    {
        "ids": pa.large_list(pa.int32()),
        "prompt": pa.int32(),
        "weight": pa.float64(),
        "task_id": pa.string(),
        "source": pa.int32(),
    }.items()
)
_BATCH = 1 << 20
"""Tokens after which a record batch is written: what ``build`` holds in memory, four bytes each."""


class RowStore(Sequence[Row]):
    """The token rows in one file, in the order in which they were built."""

    def __init__(self, path: Path) -> None:
        """Open what ``build`` wrote.

        Raises:
            RunError: the file is missing or not what ``build`` wrote.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            if not table.schema.equals(_SCHEMA):
                raise ValueError("other columns than expected")
        except (OSError, ValueError, pa.ArrowException) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(
                f"{path}: cannot be read ({reason}); expected token rows — delete the file, it is made anew"
            ) from None
        self.path = path
        chunks = table["ids"].chunks
        # Views of the mapped file: neither is read before a row is asked for.
        self._values: list[NDArray[np.int32]] = [chunk.values.to_numpy() for chunk in chunks]
        self._offsets: list[NDArray[np.int64]] = [chunk.offsets.to_numpy() for chunk in chunks]
        self._ends = np.cumsum([len(chunk) for chunk in chunks], dtype=np.int64)
        self._prompts = table["prompt"].to_numpy()
        self._weights = table["weight"].to_numpy()
        tasks = table["task_id"].combine_chunks().dictionary_encode()
        self.lengths: NDArray[np.int64] = pc.list_value_length(table["ids"]).to_numpy()
        """Tokens of each row."""
        self.sources: NDArray[np.int32] = table["source"].to_numpy()
        """Index of the training set that each row came from."""
        self.tasks: NDArray[np.int32] = tasks.indices.to_numpy()
        """Index into ``task_ids`` for each row."""
        self.task_ids: tuple[str, ...] = tuple(tasks.dictionary.to_pylist())
        """The tasks, in the order of their first rows."""

    @classmethod
    def build(cls, path: Path, rows: Iterable[tuple[Row, str, int]]) -> "RowStore":
        """Write the rows, each with its task's id and the index of its source, to ``path`` and open it.

        ``path`` is whole or, if ``rows`` raises or the machine stops, what it was before.
        """
        with writing(path) as file, pa.ipc.new_file(file, _SCHEMA) as writer:
            for batch in _batches(rows):
                writer.write_batch(batch)
        return cls(path)

    def __len__(self) -> int:
        return len(self._prompts)

    @overload
    def __getitem__(self, place: SupportsIndex) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        row = range(len(self))[index(place)]
        chunk = int(np.searchsorted(self._ends, row, side="right"))
        offsets = self._offsets[chunk]
        # Counted from the chunk's end: offsets has one entry more than the chunk has rows.
        k = row - int(self._ends[chunk]) - 1
        ids = self._values[chunk][offsets[k] : offsets[k + 1]]
        return Row(tuple(ids.tolist()), int(self._prompts[row]), float(self._weights[row]))


def _batches(rows: Iterable[tuple[Row, str, int]]) -> Iterator[pa.RecordBatch]:
    held: list[tuple[NDArray[np.int32], int, float, str, int]] = []
    tokens = 0
    for row, task_id, source in rows:
        held.append((np.array(row.ids, dtype=np.int32), row.prompt, row.weight, task_id, source))
        tokens += len(row.ids)
        if tokens >= _BATCH:
            yield _batch(held)
            held, tokens = [], 0
    if held:
        yield _batch(held)


def _batch(held: list[tuple[NDArray[np.int32], int, float, str, int]]) -> pa.RecordBatch:
    ids, *columns = zip(*held, strict=True)
    offsets = np.cumsum([0, *map(len, ids)], dtype=np.int64)
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(np.concatenate(ids)))
    rest = [pa.array(column, _SCHEMA.field(k).type) for k, column in enumerate(columns, 1)]
    return pa.record_batch([lists, *rest], schema=_SCHEMA)
