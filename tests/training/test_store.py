"""Stored rows come back as they were, by any place."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.errors import RunError
from arcloop.training import store
from arcloop.training.rows import Row
from arcloop.training.store import RowStore

Stored = tuple[Row, str, int]


@st.composite
def stored(draw: st.DrawFn) -> Stored:
    ids = draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=9))
    row = Row(tuple(ids), draw(st.integers(0, len(ids))), draw(st.floats(0, 10)))
    return row, draw(st.sampled_from(["a", "b", "ü"])), draw(st.integers(0, 3))


@given(rows=st.lists(stored(), max_size=30), tokens=st.integers(1, 60))
def test_rows_come_back_as_they_were(rows: list[Stored], tokens: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_BATCH", tokens)
        made = RowStore.build(tmp_path_factory.mktemp("store") / "rows.arrow", iter(rows))
    assert list(made) == made[:] == [row for row, _, _ in rows]
    assert made.lengths.tolist() == [len(row.ids) for row, _, _ in rows]
    assert [made.task_ids[task] for task in made.tasks] == [task for _, task, _ in rows]
    assert list(made.task_ids) == list(dict.fromkeys(task for _, task, _ in rows))
    assert made.sources.tolist() == [source for _, _, source in rows]
    if rows:
        assert made[-1] == rows[-1][0]
        assert made[np.int64(len(rows) - 1)] == rows[-1][0]
    for place in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError):
            made[place]


def test_a_store_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    row = Row((1, 2, 3), 2, 1.0)
    RowStore.build(path, [(row, "t", 0)])

    def breaking() -> Iterator[Stored]:
        yield row, "t", 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RowStore.build(path, breaking())
    assert list(RowStore(path)) == [row]
    assert [p.name for p in tmp_path.iterdir()] == ["rows.arrow"]


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    for content in (None, b"", b"ARROW1 is how such a file begins"):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(RunError, match=r"rows.arrow: cannot be read .*; expected token rows — delete the file"):
            RowStore(path)
