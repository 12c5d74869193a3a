"""A table of tasks that somebody else has made is read as text from a stranger is: what cannot be is refused in one line."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arcloop.errors import RunError
from arcloop.evaluation.task_table import read_task_tables
from tests import ROOT

ROWS = pq.read_table(ROOT / "docs" / "data" / "demo-tasks.parquet").to_pylist()


def written(path: Path, **changes: Any) -> Path:
    """The kept table with other values in its third row."""
    rows = [dict(row) for row in ROWS]
    rows[2] |= changes
    file = path / "given-tasks.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    (read,) = read_task_tables([written(tmp_path)]).values()
    assert sum(len(run.numbers) for setting in read for run in setting.runs) == len(ROWS)
    read_task_tables([written(tmp_path, perfect=None, hits=None, test_grids=None, best_grids=None, best_pixels=None)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arm": None}, "arm is missing; expected a value"),
        ({"programs": -1}, "programs is -1; expected a number from 0 on"),
        ({"seconds": float("nan")}, "seconds is nan; expected a number from 0 on"),
        ({"best_pixels": 7.5}, "best_pixels is 7.5; expected a share of cells"),
        ({"test_grids": 2**40, "hits": 2**40}, "test_grids is 1099511627776; expected at most 100"),
        ({"train_grids": 2**40}, "train_grids is 1099511627776; expected at most 100"),
        ({"hits": 9, "test_grids": 1}, "hits is 9; expected at most test_grids, 1"),
        ({"hits": 1, "test_grids": None}, "hits is 1; expected at most test_grids, 0"),
        ({"perfect": 10**6}, "more programs of a kind than the 96 that there are; expected fewer"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_named_with_its_row(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RunError) as raised:
        read_task_tables([written(tmp_path, **changes)])
    assert f"given-tasks.parquet: row 3: {said} — pass the file" in str(raised.value)


def test_a_task_that_is_in_a_run_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="search only, seed 1: a task is there twice; expected each once"):
        read_task_tables([written(tmp_path, task_id=ROWS[1]["task_id"])])


@pytest.mark.parametrize(("name", "value"), [("task_id", 7), ("seed", "one"), ("programs", "96"), ("unique", 1.5)])
def test_a_column_of_another_type_is_named(tmp_path: Path, name: str, value: object) -> None:
    file = tmp_path / "given-tasks.parquet"
    pq.write_table(pa.Table.from_pylist([dict(row) | {name: value} for row in ROWS]), file)
    with pytest.raises(RunError, match=f"row 1: {name} is .*; expected (text|a number)"):
        read_task_tables([file])
