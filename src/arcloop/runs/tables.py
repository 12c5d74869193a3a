"""Records ⇄ Parquet tables, one table per record.

Files read as they are in pandas, DuckDB or a dataset viewer: a grid is a list of rows of small
integers. A file is written under a temporary name, synced and renamed, so it is whole or absent; its
pages have checksums, and its digest is for the one who stores it to keep.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.errors import RunError
from arcloop.files import oversized, write_bytes
from arcloop.records import (
    Augmentation,
    Completion,
    Example,
    Execution,
    FinishReason,
    Grid,
    Origin,
    Program,
    Prompt,
    Score,
    Status,
)
from arcloop.runs.seals import Seals, digest, unsealed

__all__ = ["ANCHORS", "COMPLETIONS", "EXAMPLES", "EXECUTIONS", "PROGRAMS", "PROMPTS", "SCORES", "Table"]

R = TypeVar("R")

_REMEDY = "delete its group's folder, which is done again, and resume"

_GRIDS = pa.list_(pa.list_(pa.list_(pa.int8())))
_AUGMENTATION = pa.struct({"dihedral": pa.int8(), "colors": pa.list_(pa.int8()), "order": pa.list_(pa.int8())}.items())


class Table(Generic[R]):
    """How one kind of record is stored."""

    def __init__(
        self,
        name: str,
        columns: dict[str, pa.DataType],
        row: Callable[[R], dict[str, Any]],
        record: Callable[[dict[str, Any]], R],
        optional: Collection[str] = (),
    ) -> None:
        """``optional``: columns that a file has only if some record has a value there; a record's default stands for it."""
        self.name = name
        self._optional = optional
        self._schema = pa.schema(list(columns.items()))
        self._row = row
        self._record = record

    def write(self, folder: Path, records: Sequence[R]) -> Seals:
        """Store the records, in their order; returns the seal of the file."""
        rows = [self._row(record) for record in records]
        held = {name for name in self._optional if any(row[name] is not None for row in rows)}
        table = pa.Table.from_pylist(rows, schema=self._columns(held))
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        content = sink.getvalue().to_pybytes()
        write_bytes(folder / self.file, content)
        return {self.file: digest(content)}

    def read(self, folder: Path, seals: Mapping[str, str] | None = None) -> list[R]:
        """The stored records, in their order; ``seals``: what ``write`` returned, where that is known.

        Raises:
            RunError: the file is missing or not what ``write`` wrote.
        """
        path = folder / self.file
        content = unsealed(path, (seals or {}).get(self.file), _REMEDY)
        try:
            stored = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
            if oversized(stored.metadata):
                raise ValueError("more rows than it can hold")
            # Tables of one group are small: threads cost more than they give, most of all on a busy machine.
            table = stored.read(use_threads=False)
            schema = table.schema
            if not schema.equals(self._columns(schema.names)):
                raise ValueError("other columns than expected")
            for name, column in zip(schema.names, table.columns, strict=True):
                if column.null_count and name not in self._optional:
                    raise ValueError(f"no value in column {name}")
            columns = [
                _grids(column.combine_chunks()) if column.type == _GRIDS else column.to_pylist()
                for column in table.columns
            ]
            rows = zip(*columns, strict=True)
            return [self._record(dict(zip(schema.names, row, strict=True))) for row in rows]
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
            raise RunError(
                f"{path}: cannot be read ({next(iter(str(error).splitlines()), 'damaged')}); expected a table of this run — {_REMEDY}"
            ) from None

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}.parquet"

    def _columns(self, held: Collection[str]) -> pa.Schema:
        """All columns but the optional ones that are not among ``held``."""
        return pa.schema(
            [column for column in self._schema if column.name not in self._optional or column.name in held]
        )


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _prompt_row(prompt: Prompt) -> dict[str, Any]:
    origin = None if prompt.origin is Origin.MODEL else prompt.origin.value
    return _fields(prompt) | {"augmentation": _fields(prompt.augmentation), "origin": origin}


def _prompt(row: dict[str, Any]) -> Prompt:
    a, origin = row.pop("augmentation"), Origin(row.pop("origin", None) or Origin.MODEL)
    return Prompt(**row, origin=origin, augmentation=Augmentation(a["dihedral"], tuple(a["colors"]), tuple(a["order"])))


def _completion(row: dict[str, Any]) -> Completion:
    return Completion(**row | {"finish_reason": FinishReason(row["finish_reason"])})


def _execution_row(execution: Execution) -> dict[str, Any]:
    return _fields(execution) | {"outputs": [None if grid is None else grid.tolist() for grid in execution.outputs]}


def _execution(row: dict[str, Any]) -> Execution:
    return Execution(**row | {"status": Status(row["status"])})


def _grids(column: pa.ListArray) -> list[tuple[Grid | None, ...]]:
    """A column of lists of grids: a tuple for each row, of views into one buffer.

    Cell by cell this takes five times as long. A grid whose rows differ
    in length raises ``ValueError``.
    """
    grids = column.values
    cells = grids.values.values.to_numpy()
    records, firsts, starts = (a.offsets.to_numpy() for a in (column, grids, grids.values))
    widths = np.diff(starts)
    # A row may differ in width from the one before it only where a grid begins.
    begins = np.zeros(len(widths) + 1, dtype=bool)
    begins[firsts] = True
    if not (begins[1:-1] | (widths[1:] == widths[:-1])).all():
        raise ValueError("a grid whose rows differ in length")
    there = grids.is_valid().to_pylist()
    first, start = firsts.tolist(), starts[firsts].tolist()
    made = [
        cells[start[i] : start[i + 1]].reshape(first[i + 1] - first[i], -1) if valid else None
        for i, valid in enumerate(there)
    ]
    return [tuple(made[one:end]) for one, end in pairwise(records.tolist())]


def _score_row(score: Score) -> dict[str, Any]:
    return _fields(score) | {"correct": list(score.correct)}


def _score(row: dict[str, Any]) -> Score:
    return Score(**row | {"correct": tuple(row["correct"])})


_TEXT, _INT, _FLOAT = pa.string(), pa.int32(), pa.float64()

PROMPTS = Table[Prompt](
    "prompts",
    {
        "id": _TEXT,
        "task_id": _TEXT,
        "number": _INT,
        "augmentation": _AUGMENTATION,
        "test_index": _INT,
        "text": _TEXT,
        "parent": _TEXT,
        "origin": _TEXT,
    },
    _prompt_row,
    _prompt,
    # Runs without refinement prompts, or in which only a sampler was asked, have none, nor have those of earlier versions.
    optional=("parent", "origin"),
)
COMPLETIONS = Table[Completion](
    "completions",
    {
        "id": _TEXT,
        "prompt_id": _TEXT,
        "task_id": _TEXT,
        "text": _TEXT,
        "tokens": _INT,
        "finish_reason": _TEXT,
        "logprob": _FLOAT,
        "temperature": _FLOAT,
    },
    _fields,
    _completion,
)
PROGRAMS = Table[Program](
    "programs",
    {"id": _TEXT, "completion_id": _TEXT, "task_id": _TEXT, "source": _TEXT},
    _fields,
    lambda row: Program(**row),
)
EXECUTIONS = Table[Execution](
    "executions",
    {
        "id": _TEXT,
        "status": _TEXT,
        "outputs": _GRIDS,
        "error": _TEXT,
        "cpu_seconds": _FLOAT,
        "seconds": _FLOAT,
    },
    _execution_row,
    _execution,
)
SCORES = Table[Score](
    "scores",
    {"completion_id": _TEXT, "correct": pa.list_(pa.bool_()), "pixels": _FLOAT},
    _score_row,
    _score,
)
_EXAMPLE: dict[str, pa.DataType] = {
    "id": _TEXT,
    "task_id": _TEXT,
    "prompt": _TEXT,
    "completion": _TEXT,
    "weight": _FLOAT,
}
EXAMPLES = Table[Example]("examples", _EXAMPLE, _fields, lambda row: Example(**row))
ANCHORS = Table[Example]("anchors", _EXAMPLE, _fields, lambda row: Example(**row))
