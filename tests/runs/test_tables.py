"""Grids come back from Parquet as they were, however they are cut."""

import base64
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.errors import ExampleError, RunError
from arcloop.records import Execution, Grid, Status
from arcloop.runs.tables import EXECUTIONS
from arcloop.training.examples import read_set
from tests.arc_grids import grids


def execution(number: int, outputs: list[Grid | None]) -> Execution:
    return Execution(f"r0/t/d{number}", Status.OK, tuple(outputs), "", 0.5, 0.25)


@given(st.lists(st.lists(st.none() | grids(), max_size=4), max_size=6))
def test_executions_come_back_as_they_were(outputs: list[list[Grid | None]]) -> None:
    stored = [execution(number, grids_) for number, grids_ in enumerate(outputs)]
    with TemporaryDirectory() as folder:
        EXECUTIONS.write(Path(folder), stored)
        read = EXECUTIONS.read(Path(folder))
    assert len(read) == len(stored)
    for one, other in zip(read, stored, strict=True):
        assert (one.id, one.status, one.cpu_seconds) == (other.id, other.status, other.cpu_seconds)
        assert len(one.outputs) == len(other.outputs)
        for a, b in zip(one.outputs, other.outputs, strict=True):
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                assert a.dtype == np.int8 and a.flags.c_contiguous and np.array_equal(a, b)


@pytest.mark.parametrize("rows", [[[1, 2], [3]], [[1], [2, 3]]])
def test_a_grid_that_is_no_rectangle_is_named(rows: list[list[int]], tmp_path: Path) -> None:
    EXECUTIONS.write(tmp_path, [execution(0, [np.zeros((2, 2), dtype=np.int8)])])
    path = tmp_path / "executions.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("outputs")
    damaged = pa.array([[rows]], type=table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), damaged), path)
    with pytest.raises(RunError, match="rows differ in length"):
        EXECUTIONS.read(tmp_path)


def test_a_table_that_promises_more_rows_than_it_has_takes_no_memory_for_them(tmp_path: Path) -> None:
    # One row of one column; its group says 16 billion, for which Arrow takes four gigabytes. Found by fuzzing.
    (tmp_path / "executions.parquet").write_bytes(base64.b64decode(OVERSIZED))
    with pytest.raises(RunError, match="more rows than it can hold"):
        EXECUTIONS.read(tmp_path)
    (tmp_path / "rows.parquet").write_bytes(base64.b64decode(OVERSIZED))
    with pytest.raises(ExampleError, match="more rows than it can hold"):
        list(read_set(tmp_path / "rows.parquet", str, ""))


def test_a_table_whose_statistics_contradict_each_other_is_refused(tmp_path: Path) -> None:
    # To ask its columns for their sizes ends the process. Found by fuzzing.
    (tmp_path / "executions.parquet").write_bytes(base64.b64decode(CONTRADICTORY))
    with pytest.raises(RunError, match="cannot be read"):
        EXECUTIONS.read(tmp_path)
    with pytest.raises(ExampleError, match="cannot be read"):
        list(read_set(tmp_path / "executions.parquet", str, ""))


OVERSIZED = (
    "UEFSMRWVAQAAAAAAABUAEgAABRABAAAAYRUAFRIVFiwVAhUQFQYVBhw2ACgBYRgBYRERAAAACSACAAAAAgEBAgAVBBksNQAYBnNj"
    "aGVtYRUCABUMJQIYAmlkJQBMHAAAABYCGRwZHCYAHBUMGTUABhAZGAJpZBUCFgIWchZ6JjImCBw2ACgBYRgBYRERABksFQQVABUC"
    "ABUAFRAVAgA8FgIZBhkmAAIAAAAWchb+2ffuegAZHBgMQVJST1c6c15oZW1hGKABLy8vLy8zQUFBQUFRQUFBQUFBQUtBQXdBQmdB"
    "RkFBZ0FDZ0FBQUF+QUJCQUFNQUFBQUNBQUlBQUFBQkFBSUFBQUFCQUFBQUFFQUFBQVVBQUFBRUFBVUFBZ0FCZ0FIQUF3QUFBQdNR"
    "QUJBQUFBQUFBQUVGRUFBQUFCZ0FBQUFFQUFBQUFBQUFBQUlBQUFCcFpBQUFCQZ9FQUFRQUFBQUFBQUFBABggcGFycXVldC1jcJUt"
    "YXJyb3cgdmVyc2lvbjAuMRkcHAAAAE4BAABQQVIx"
)

CONTRADICTORY = (
    "UEFSMRUEFQoVDkwVAhUAEgAABRABAAAAYRUAFRIVFiwVBBUBAAAAAAAAABgIAQAAAAAAAAAWACgIAQAAAAAAAAAYCAEAAAAAAAAAEREAAAAJIA"
    "IAAAAEAQEEABUEFQoVDswVAhUAEgAABRABAAAAdBUAFRIVFiwVBBUQFQYVBhw2ACgBdBgBdBERAAAACSACAAAABAEBBAA1BBUQFSlMFQIVABoA"
    "AAgcAAAAAAAA8D8VABUSFRYsFQQVEBUGFQYcGAgAAAAAAADwPxgIAAAAAAAA8D8WACgIAAAAAAAA8D8YCAAAAAAAAPA/EREAAAAJIAIAAAAEAQ"
    "EEABUEGWw1ABgGc2NoZW1hFQoAFQwlFxgGcHJvbXB0JQBMHAAAABUMJQIYCmNvbXBsZXRpb24lAEwcAAAAFQQlAhgCaWQAFQwlAhgHdGFza19p"
    "ZCUATBwAAAAVCiUCGAZ3ZWlnaHQAFgQZHBlcJgAcFQwZNQAGEBkYBnByb21wdBUCFgQWchZ6JjImCBw2ACgBYRgBYRERABksFQQVABUCABUAFR"
    "AVAgA8FgQZBhkmAAQAAAAmABwVDBk1AAYQGRgKY29tcGxldGlvbhUCFgQWchZ6JqwBJoIBHDYAKAFiGAFiEREAGSwVBBUAFQIAFQAVEBUCADwW"
    "BBkGGSYABAAAACYAHBUEGTUABhAZGAJpZBUCFgQWvAEWxAEmrAIm/AEcGAgBAAAAAAAAABgIAQAAAAAAAAAWACgIAQAAAAAAAAAYCAEAAAAAAA"
    "AAEREAGSwVBBUAFQIAFQAVEBUCADwpBhkmAAQAAAAmABwVDBk1AAYQGRgHdGFza19pZBUCFgQWchZ6JuoDJsADHDYAKAF0GAF0EREAGSwVBBUA"
    "FQIAFQAVEBUCADwWBBkGGSYABAAAACYAHBUKGTUABhAZGAZ3ZWlnaHQVAhYEFrwBFsQBJuoEJroEHBgIAAAAAAAA8D8YCAAAAAAAAPA/FgAoCA"
    "AAAAAAAPA/GAgAAAAAAADwPxERABksFQQVABUCABUAFRAVAgA8KQYZJgAEAAAAFs4FFgQmCBb2BQAZHBgMQVJST1c6c2NoZW1hGLgDLy8vLy8w"
    "QUJBQUFRQUFBQUFBQUtBQXdBQmdBRkFBZ0FDZ0FBQUFBQkJBQU1BQUFBQ0FBSUFBQUFCQUFJQUFBQUJBQUFBQVVBQUFEZ0FBQUFvQUFBQUdnQU"
    "FBQThBQUFBQkFBQUFFVC8vLzhBQUFFREVBQUFBQ0FBQUFBRUFBQUFBQUFBQUFZQUFBQjNaV2xuYUhRQUFBQUFCZ0FJQUFZQUJnQUFBQUFBQWdC"
    "NC8vLy9BQUFCQlJBQUFBQVlBQUFBQkFBQUFBQUFBQUFIQUFBQWRHRnphMTlwWkFCby8vLy9vUC8vL3dBQUFRSVFBQUFBSEFBQUFBUUFBQUFBQU"
    "FBQUFnQUFBR2xrQUFBSUFBd0FDQUFIQUFnQUFBQUFBQUFCUUFBQUFOVC8vLzhBQUFFRkVBQUFBQndBQUFBRUFBQUFBQUFBQUFvQUFBQmpiMjF3"
    "YkdWMGFXOXVBQURJLy8vL0VBQVVBQWdBQmdBSEFBd0FBQUFRQUJBQUFBQUFBQUVGRUFBQUFCd0FBQUFFQUFBQUFBQUFBQVlBQUFCd2NtOXRjSF"
    "FBQUFRQUJBQUVBQUFBQUFBQUFBPT0AGCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRlcHAAAHAAAHAAAHAAAHAAAACYEAABQQVIx"
)
