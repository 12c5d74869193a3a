"""A table of tasks that somebody else has made is read as text from a stranger is: what cannot be is refused in one line."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.comparison import compare
from arcloop.evaluation.measurement import Setting
from arcloop.evaluation.task_table import read_task_tables, write_task_table
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
        ({"programs": -1}, "programs is -1; expected a number from 0 to 10,000,000"),
        ({"seconds": float("nan")}, "seconds is nan; expected a number from 0 to 1,000,000,000,000,000,000"),
        ({"best_pixels": 7.5}, "best_pixels is 7.5; expected a share of cells"),
        ({"test_grids": 2**40, "hits": 2**40}, "test_grids is 1099511627776; expected at most 100"),
        ({"train_grids": 2**40}, "train_grids is 1099511627776; expected at most 100"),
        ({"hits": 9, "test_grids": 1}, "hits is 9; expected at most test_grids, 1"),
        ({"hits": 1, "test_grids": None}, "hits is 1; expected at most test_grids, 0"),
        ({"programs": 10**17}, "programs is 100000000000000000; expected a number from 0 to 10,000,000"),
        (
            {"train_perfect": 2, "first_train_perfect": 10**17},
            "first_train_perfect is 100000000000000000; expected a number from 1",
        ),
        (
            {"train_perfect": 2, "first_train_perfect": None},
            "first_train_perfect is None with train_perfect 2; expected the first",
        ),
        (
            {"train_perfect": 0, "first_train_perfect": None, "perfect": 1, "first_perfect": 3},
            "perfect is 1; expected at most train_perfect, 0",
        ),
        ({"perfect": 10**6}, "more programs of a kind than the 96 that there are; expected fewer"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_named_with_its_row(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RunError) as raised:
        read_task_tables([written(tmp_path, **changes)])
    assert f"given-tasks.parquet: row 3: {said}" in str(raised.value) and "— pass the file" in str(raised.value)


def test_seeds_that_were_run_with_other_budgets_are_told(tmp_path: Path) -> None:
    rows = [row | {"programs": row["programs"] * 2 if row["seed"] == 1 else row["programs"]} for row in ROWS]
    file = tmp_path / "given-tasks.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    (read,) = read_task_tables([file]).values()
    assert "search only averages over runs of 960 to 1,920 programs." in compare(read).remarks


def test_runs_that_a_table_would_not_tell_apart_are_refused(tmp_path: Path) -> None:
    (read,) = read_task_tables([written(tmp_path)]).values()
    twice = Setting("twice", (read[0].runs[0], read[0].runs[0]))
    with pytest.raises(ConfigError, match="twice has two runs with one seed"):
        write_task_table({"drawing": [read[0], twice]}, tmp_path / "made-tasks.parquet")
    assert not (tmp_path / "made-tasks.parquet").exists()


def test_a_task_that_is_in_a_run_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="search only, seed 1: a task is there twice; expected each once"):
        read_task_tables([written(tmp_path, task_id=ROWS[1]["task_id"])])


@pytest.mark.parametrize(("name", "value"), [("task_id", 7), ("seed", "one"), ("programs", "96"), ("unique", 1.5)])
def test_a_column_of_another_type_is_named(tmp_path: Path, name: str, value: object) -> None:
    file = tmp_path / "given-tasks.parquet"
    pq.write_table(pa.Table.from_pylist([dict(row) | {name: value} for row in ROWS]), file)
    with pytest.raises(RunError, match=f"row 1: {name} is .*; expected (text|a number)"):
        read_task_tables([file])
