"""Files of rows → the rows, one at a time, however many there are: Parquet, Arrow as ``datasets`` saves it, JSON lines.

The files are anybody's: what cannot be read is an ``ExampleError`` in one line, and no row, line or table that lies about
its size takes more memory than it has.
"""

import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.errors import ExampleError
from arcloop.files import UnreadableError, encoding_of, oversized, parse_json, read_json

__all__ = ["files_of", "rows_digest", "rows_of"]

_BATCH = 64
"""Rows of a table that are in memory at once."""
_LONGEST = 64 << 20
"""Characters of a line at the most."""


def files_of(path: Path) -> list[Path]:
    """The files of a set of rows, in their order.

    A file is one; a folder has what ``save_to_disk`` wrote, of which the split ``train`` is taken, or else Parquet files.

    Raises:
        ExampleError: there are none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ExampleError(
            f"{path}: no such file or folder; expected a file of rows, or a folder of such files — check the path"
        )
    if (path / "dataset_dict.json").is_file():
        path /= "train"
        if not path.is_dir():
            raise ExampleError(f"{path}: no such folder; expected a split named train — give the path of one split")
    state = path / "state.json"
    if state.is_file():
        # The folder may also hold files that datasets keeps for itself, so the list is taken from here.
        try:
            return [path / file["filename"] for file in read_json(state)["_data_files"]]
        except (UnreadableError, KeyError, TypeError) as error:
            raise ExampleError(
                f"{state}: cannot be read ({error}); expected what save_to_disk writes — save the data set anew"
            ) from None
    tables = sorted(path.glob("*.parquet"))
    if not tables:
        raise ExampleError(
            f"{path}: holds neither Parquet files nor a saved data set; expected one of them — give the path of a file or of such a folder"
        )
    return tables


def rows_digest(path: Path) -> str:
    """SHA-256 of what the files of a set hold.

    Raises:
        ExampleError: there are none.
    """
    digest = hashlib.sha256()
    for file in files_of(path):
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def rows_of(file: Path, columns: Collection[str]) -> Iterator[tuple[int, Any]]:
    """The rows of one file with their numbers, counted from 1; of a table only these columns, or all if it has none of them.

    Raises:
        ExampleError: while iterating: it is of an unknown kind, or not whole.
    """
    try:
        if file.suffix == ".parquet":
            yield from enumerate(_parquet_rows(file, columns), 1)
        elif file.suffix == ".arrow":
            yield from enumerate(_arrow_rows(file, columns), 1)
        elif file.name.endswith((".jsonl", ".jsonl.gz")):
            yield from _line_rows(file)
        else:
            raise ExampleError(
                f"{file}: a file of unknown kind; expected .parquet, .jsonl, .jsonl.gz or .json — convert it to one of these"
            )
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise ExampleError(f"{file}: cannot be read ({reason}); expected a whole file — write it anew") from None


def _parquet_rows(file: Path, columns: Collection[str]) -> Iterator[Any]:
    with pq.ParquetFile(file, pre_buffer=False) as table:
        if oversized(table.metadata):
            raise pa.ArrowInvalid("more rows than it can hold")
        # Without a known column all are read, so that the error about the first row can name them.
        known = [name for name in table.schema_arrow.names if name in columns]
        for batch in table.iter_batches(_BATCH, columns=known or None):
            yield from batch.to_pylist()


def _arrow_rows(file: Path, columns: Collection[str]) -> Iterator[Any]:
    with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
        known = [name for name in stream.schema.names if name in columns]
        for batch in stream:
            table = batch.select(known) if known else batch
            for start in range(0, len(table), _BATCH):
                yield from table.slice(start, _BATCH).to_pylist()


def _line_rows(file: Path) -> Iterator[tuple[int, Any]]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rb") as raw:
        encoding = encoding_of(raw.read(4))
    with opened(file, "rt", encoding=encoding) as lines:
        for number, line in enumerate(iter(lambda: lines.readline(_LONGEST), ""), 1):
            if len(line) == _LONGEST:
                raise _refusal(file, number, f"a line of over {_LONGEST:,} characters")
            if not line.isspace():
                try:
                    yield number, parse_json(line)
                except UnreadableError as error:
                    raise _refusal(file, number, str(error)) from None


def _refusal(file: Path, number: int, met: str) -> ExampleError:
    return ExampleError(f"{file}, row {number}: {met}; expected one JSON object per line — mend the set")
