"""The cache: what was written is read, by content, also after a crash and beside other writers."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import ExecutionConfig
from arcloop.errors import ConfigError
from arcloop.execution import Sandbox
from arcloop.execution.cache import Cache, pack, unpack
from arcloop.records import Execution, Grid, Job, Status

A: Grid = np.array([[1, 2], [3, 4]], np.int8)
CLOCK = "import time\ndef transform(g):\n    return np.array([[int(c) for c in str(time.time_ns())[-9:]]])\n"
SAMPLE = Execution("", Status.ERROR, (A, None), "input 1: ValueError: é", 0.25, 0.5)


def same(one: Execution, other: Execution) -> bool:
    grids = zip(one.outputs, other.outputs, strict=True)
    return replace(one, outputs=()) == replace(other, outputs=()) and all(
        (a is None) == (b is None) and (a is None or b is None or np.array_equal(a, b)) for a, b in grids
    )


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_executions_outlive_the_sandbox(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        config = ExecutionConfig(workers=1, timeout=0.3, wall_timeout=1, mode="strict")
        with Sandbox(config, cache=tmp_path) as sandbox:
            jobs = [Job("a", CLOCK, (A,)), Job("b", "while True: pass", (A,)), Job("c", "1/0", (A,))]
            found.append({e.id: e for e in sandbox.execute(jobs)})
    for name, execution in found[0].items():
        assert same(found[1][name], execution)
    assert found[0]["b"].status is Status.TIMEOUT


def test_other_limits_inputs_or_sources_are_other_keys(tmp_path: Path) -> None:
    seen = set()
    for config in (
        ExecutionConfig(workers=1),
        ExecutionConfig(workers=1, timeout=1),
        ExecutionConfig(workers=1, memory=99),
    ):
        with Sandbox(config, cache=tmp_path) as sandbox:
            for source in (CLOCK, CLOCK + "#"):
                for grid in (A, A.T.copy(), A.reshape(1, 4)):
                    (execution,) = sandbox.execute([Job("a", source, (grid,))])
                    assert execution.outputs[0] is not None
                    seen.add(execution.outputs[0].tobytes())
    assert len(seen) == 18


def test_worker_counts_share_entries_and_modes_do_not(tmp_path: Path) -> None:
    seen = []
    for config in (ExecutionConfig(workers=1), ExecutionConfig(workers=2), ExecutionConfig(mode="strict")):
        with Sandbox(config, cache=tmp_path) as sandbox:
            (execution,) = sandbox.execute([Job("a", CLOCK, (A,))])
            assert execution.outputs[0] is not None
            seen.append(execution.outputs[0].tobytes())
    assert seen[0] == seen[1] != seen[2]


def test_what_was_found_beside_other_programs_is_kept_once_it_is_confirmed(tmp_path: Path) -> None:
    sources = {"right": "def transform(g):\n    return g.T\n", "wrong": "def transform(g):\n    return g + 10\n"}
    jobs = [Job(name, source, (A,)) for name, source in sources.items()]
    with Sandbox(ExecutionConfig(workers=1), cache=tmp_path) as sandbox:
        made = {one.id: one for one in sandbox.execute(jobs)}
        assert len(Cache(tmp_path)) == 0
        list(sandbox.confirm([(job, made[job.id]) for job in jobs]))
    # The confirmed one, and both programs' two confirmations.
    assert len(Cache(tmp_path)) == 5
    with Sandbox(ExecutionConfig(workers=1), cache=tmp_path) as sandbox:
        again = {one.id: one for one in sandbox.execute(jobs)}
    assert same(again["right"], made["right"])


def test_several_writers_and_a_torn_record(tmp_path: Path) -> None:
    first, second = Cache(tmp_path), Cache(tmp_path)
    for number in range(5):
        first.put(key(number), SAMPLE)
        second.put(key(number + 5), replace(SAMPLE, error=str(number)))
    first.close()
    second.close()
    (torn, _) = sorted(tmp_path.iterdir())
    torn.write_bytes(torn.read_bytes()[:-3])
    again = Cache(tmp_path)
    assert len(again) == 9
    for number in range(10):
        execution = again.get(key(number))
        assert execution is None or same(execution, SAMPLE) or execution.error == str(number - 5)
    again.close()


def test_a_folder_that_cannot_be_used_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sandbox = Sandbox(ExecutionConfig(workers=1), cache=tmp_path / "file")
    with pytest.raises(ConfigError, match="cache folder"), sandbox:
        pass


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(key(1), SAMPLE)
    cache.close()
    os.mkfifo(tmp_path / "a.executions")
    (tmp_path / "b.executions").mkdir()
    (tmp_path / "c.executions").symlink_to(tmp_path / "nowhere")
    (tmp_path / "d.executions").symlink_to("a.executions")
    assert len(Cache(tmp_path)) == 1


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(key(1), SAMPLE)
    cache.close()
    (segment,) = tmp_path.iterdir()
    data = bytearray(segment.read_bytes())
    data[-2] ^= 1
    segment.write_bytes(data)
    assert len(Cache(tmp_path)) == 0


def test_the_first_entry_stays_and_is_readable_at_once(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(key(1), SAMPLE)
    cache.put(key(1), replace(SAMPLE, error="other"))
    execution = cache.get(key(1))
    assert execution is not None
    assert same(execution, SAMPLE)
    assert cache.get(key(2)) is None
    cache.close()


@given(
    st.sampled_from(list(Status)),
    st.text(max_size=200),
    st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 30), st.integers(1, 30))), max_size=4),
)
def test_packing_loses_nothing(status: Status, error: str, shapes: list[tuple[int, int] | None]) -> None:
    outputs = tuple(None if shape is None else np.full(shape, 7, np.int8) for shape in shapes)
    execution = Execution("", status, outputs, error, 0.1, 0.2)
    back = unpack(pack(execution))
    assert back is not None
    assert same(back, replace(execution, error=error.encode("utf-8", "replace").decode()))


@given(st.binary(max_size=200))
def test_any_bytes_unpack_or_are_none(data: bytes) -> None:
    execution = unpack(data)
    assert execution is None or isinstance(execution.status, Status)
