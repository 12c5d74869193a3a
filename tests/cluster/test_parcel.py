"""Files on the way between machines: nothing is written anywhere but to the folders of its group."""

from pathlib import Path

import pytest

from arcloop.cluster.parcel import unpack
from arcloop.errors import RunError

HOSTILE = [
    "../evil",
    "/etc/passwd",
    "submission.json",
    "config.json",
    "round_000/group_001/scores.parquet",
    "round_000/group_000/../../config.json",
    "round_000/group_000/adapter/../../../config.json",
    "round_000/group_000/adapter/sub/weights",
    "round_000/group_000/.search.json.tmp",
    "round_000/group_000/",
    "round_000/group_000/a\n",
    "round_000/group_000/a\0b",
    "round_٠٠٠/group_٠٠٠/scores.parquet",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_anything_else_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="sent a file"):
        unpack({"round_000/group_000/prompts.parquet": b"fine", name: b"evil"}, tmp_path, 0)
    assert list(tmp_path.rglob("*")) == []


def test_what_vouches_comes_after_what_it_vouches_for(tmp_path: Path) -> None:
    names = ["DONE", "search.json", "metrics.json", "scores.parquet", "adapter/weights", "prompts.parquet"]
    unpack({f"round_000/group_000/{name}": name.encode() for name in names}, tmp_path, 0)
    folder = tmp_path / "round_000" / "group_000"
    assert {name: (folder / name).read_text() for name in names} == {name: name for name in names}
    times = [(folder / name).stat().st_mtime_ns for name in ("scores.parquet", "search.json", "metrics.json", "DONE")]
    assert times == sorted(times)


def test_tables_that_are_written_anew_are_vouched_for_anew(tmp_path: Path) -> None:
    unpack({"round_000/group_000/search.json": b"old", "round_000/group_000/scores.parquet": b"old"}, tmp_path, 0)
    folder = tmp_path / "round_000" / "group_000"
    # The disk is full in the midst of it: what is there must not say that it belongs together.
    (folder / "scores.parquet").unlink()
    (folder / "scores.parquet").mkdir()
    with pytest.raises(OSError):
        unpack({"round_000/group_000/search.json": b"new", "round_000/group_000/scores.parquet": b"new"}, tmp_path, 0)
    assert not (folder / "search.json").exists()
