"""The supervisor: one execution per job, by id, whatever happens to programs, workers and templates."""

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
import psutil
import pytest

from arcloop.config import ExecutionConfig
from arcloop.errors import SandboxError
from arcloop.execution import Protection, Sandbox, pool
from arcloop.records import Execution, Grid, Job, Status

A: Grid = np.array([[1, 2], [3, 4]], np.int8)
B: Grid = np.array([[5, 6, 7]], np.int8)
TURN = "def transform(grid):\n    return grid.T\n"
CRASH = "import os\nos.abort()\n"
BUSY = "def transform(grid):\n    for _ in range(1_000_000):\n        pass\n    return grid\n"
LOOP = "def transform(grid):\n    while True:\n        pass\n"
FAST = ExecutionConfig(workers=2, timeout=0.5, wall_timeout=1.0)


def by_id(executions: object) -> dict[str, Execution]:
    assert hasattr(executions, "__iter__")
    return {execution.id: execution for execution in executions}


def run(sources: dict[str, str], config: ExecutionConfig = FAST) -> dict[str, Execution]:
    with Sandbox(config) as sandbox:
        return by_id(sandbox.execute(Job(name, source, (A, B)) for name, source in sources.items()))


def below(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_outputs_come_back_as_grids(mode: str) -> None:
    execution = run({"a": TURN}, ExecutionConfig(workers=1, mode=mode))["a"]  # type: ignore[arg-type]  # one of the two
    assert execution.status is Status.OK
    assert execution.error == ""
    assert [grid.dtype for grid in execution.outputs if grid is not None] == [np.int8, np.int8]
    assert np.array_equal(execution.outputs[0], A.T)  # type: ignore[arg-type]  # status is ok
    assert np.array_equal(execution.outputs[1], B.T)  # type: ignore[arg-type]  # status is ok
    assert execution.seconds > 0


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_a_mark_that_a_file_may_begin_with_is_no_part_of_a_program(mode: Literal["batch", "strict"]) -> None:
    sources = {"marked": "\ufeff" + TURN, "marked twice": "\ufeff\ufeff" + TURN}
    found = run(sources, ExecutionConfig(workers=1, mode=mode))
    assert {name: one.status for name, one in found.items()} == {
        "marked": Status.OK,
        "marked twice": Status.SYNTAX_ERROR,
    }


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_cpu_time_is_counted(mode: Literal["batch", "strict"]) -> None:
    # Long enough for a kernel that counts in steps of some milliseconds.
    execution = run({"a": BUSY}, ExecutionConfig(workers=1, mode=mode))["a"]
    assert execution.cpu_seconds > 0


def test_failures_keep_the_outputs_of_other_inputs() -> None:
    execution = run({"a": "def transform(g):\n    assert g.shape[0] == 1, 'too high'\n    return g\n"})["a"]
    assert execution.status is Status.ERROR
    assert execution.error == "input 0: AssertionError: too high"
    assert execution.outputs[0] is None
    assert np.array_equal(execution.outputs[1], B)  # type: ignore[arg-type]  # asserted not to fail there


@pytest.mark.parametrize(
    ("source", "status", "error"),
    [
        ("def transform(g)", Status.SYNTAX_ERROR, "SyntaxError"),
        ("x = 1", Status.NO_ENTRY, "neither transform nor main"),
        ("def transform(g): return None", Status.INVALID_OUTPUT, "NoneType"),
        ("def transform(g): return np.zeros((31, 1))", Status.INVALID_OUTPUT, "31×1"),
        ("def transform(g): return np.full((2, 2), 10)", Status.INVALID_OUTPUT, "outside 0–9"),
        ("def transform(g): return np.full((2, 2), 0.5)", Status.INVALID_OUTPUT, "whole number"),
        ("def transform(g): return np.full((2, 2), 'x')", Status.INVALID_OUTPUT, "type"),
        ("def transform(g): return np.ones(10**10)", Status.MEMORY, "MemoryError"),
        (LOOP, Status.TIMEOUT, "0.5 s of CPU"),
        ("import time\ntime.sleep(9)", Status.TIMEOUT, "0.0"),
        (CRASH, Status.CRASH, "died of SIG"),
        ("import os\nos._exit(3)", Status.CRASH, "exit code 3"),
        ("import os\nos.write(3, bytes(4))", Status.PROTOCOL_ERROR, "0 bytes"),
        ("#" * (1 << 19), Status.REFUSED, "at most 262144"),
    ],
)
def test_every_failure_has_its_status(source: str, status: Status, error: str) -> None:
    execution = run({"a": source})["a"]
    assert execution.status is status
    assert error in execution.error
    assert execution.outputs == (None, None)


def test_names_are_in_place_and_main_is_the_second_choice() -> None:
    sources = {
        "common": "def main(g):\n    return np.full((1, 1), Color.RED)\n",
        "imported": "import common\nfrom common import *\ndef transform(g):\n    return g * 0 + common.Color.RED\n",
        "both": "def transform(g):\n    return g\ndef main(g):\n    return None\n",
        "guarded": TURN + "if __name__ == '__main__':\n    raise SystemExit\n",
        "dataclass": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n"
        "    x: int = 1\n" + TURN,
        "int64": "def transform(g):\n    assert g.dtype == np.int64 and g.flags.writeable\n    return g\n",
    }
    assert {e.id: e.error for e in run(sources).values()} == dict.fromkeys(sources, "")


def test_inputs_are_copies() -> None:
    inputs = (A.copy(), A.copy())
    with Sandbox(FAST) as sandbox:
        (execution,) = sandbox.execute([Job("a", "def transform(g):\n    g += 1\n    return g\n", inputs)])
    assert np.array_equal(execution.outputs[1], A + 1)  # type: ignore[arg-type]  # status is ok
    assert np.array_equal(inputs[0], A)


def test_draws_do_not_depend_on_earlier_ones() -> None:
    draw = "import random\ndef transform(g):\n    return g * 0 + random.randrange(10) + 0 * np.random.randint(9)\n"
    numpy = "def transform(g):\n    return g * 0 + np.random.randint(10)\n"
    for execution in run({"a": draw, "b": numpy, "c": "import random\nrandom.random()\n" + draw}).values():
        first, second = execution.outputs
        assert first is not None
        assert second is not None
        assert first[0, 0] == second[0, 0]


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_one_execution_per_job_around_crashes(mode: str) -> None:
    jobs = []
    for index in range(60):
        source = CRASH if index % 7 == 3 else f"def transform(g):\n    return g * 0 + {index % 10}\n"
        jobs.append(Job(f"j{index}", f"{source}# {index}\n", (A,)))
    with Sandbox(ExecutionConfig(workers=2, mode=mode)) as sandbox:  # type: ignore[arg-type]  # one of the two
        executions = list(sandbox.execute(jobs))
    assert sorted(e.id for e in executions) == sorted(job.id for job in jobs)
    for execution in executions:
        index = int(execution.id[1:])
        if index % 7 == 3:
            assert execution.status is Status.CRASH
        else:
            assert execution.outputs[0] is not None
            assert (execution.outputs[0] == index % 10).all()


def test_equal_programs_run_once_and_equal_ids_are_answered_apart() -> None:
    source = "import time\ndef transform(g):\n    return np.array([[int(c) for c in str(time.time_ns())[-9:]]])\n"
    with Sandbox(FAST) as sandbox:
        executions = list(sandbox.execute([Job(name, source, (A,)) for name in "abaa"]))
        (later,) = sandbox.execute([Job("late", source, (A.copy(),))])
        (other,) = sandbox.execute([Job("other", source, (B,))])
    assert sorted(e.id for e in executions) == ["a", "a", "a", "b"]
    grids = [e.outputs[0] for e in (*executions, later)]
    assert all(np.array_equal(grid, grids[0]) for grid in grids)  # type: ignore[arg-type]  # status is ok
    assert not np.array_equal(other.outputs[0], grids[0])  # type: ignore[arg-type]  # status is ok


def test_a_run_may_be_left_and_others_begun() -> None:
    with Sandbox(FAST) as sandbox:
        abandoned = sandbox.execute(Job(f"x{k}", f"{TURN}# {k}", (A,)) for k in range(500))
        next(abandoned)
        inner = by_id(sandbox.execute([Job("inner", TURN, (B,)), Job("loop", LOOP, (B,))]))
        next(abandoned)
        abandoned.close()  # type: ignore[attr-defined]  # a generator, promised to be an iterator only
        after = by_id(sandbox.execute(Job(f"y{k}", f"{TURN}# {k % 9}", (A,)) for k in range(20)))
    assert inner["inner"].status is Status.OK
    assert inner["loop"].status is Status.TIMEOUT
    assert len(after) == 20
    assert all(e.status is Status.OK for e in after.values())


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Job(str(taken), f"{TURN}# {taken}", (A,))

    with Sandbox(FAST) as sandbox:
        next(sandbox.execute(endless()))  # type: ignore[arg-type]  # an iterator of jobs
    assert taken < 200


@pytest.mark.parametrize(
    "grid", [np.zeros((31, 2), np.int8), np.zeros(3, np.int8), np.full((2, 2), 10), np.full((2, 2), 0.5)]
)
def test_inputs_that_are_no_grids_are_the_callers_error(grid: Grid) -> None:
    with Sandbox(FAST) as sandbox, pytest.raises(ValueError, match="input 0 of a job"):
        list(sandbox.execute([Job("a", TURN, (grid,))]))


def test_large_orders_and_many_inputs() -> None:
    inputs = tuple(np.full((30, 30), k % 10, np.int8) for k in range(200))
    with Sandbox(FAST) as sandbox:
        jobs = [Job(str(k), TURN + "#" * 200_000 + str(k), inputs) for k in range(6)]
        executions = list(sandbox.execute(jobs))
    assert len(executions) == 6
    for execution in executions:
        assert execution.status is Status.OK
        for grid, output in zip(inputs, execution.outputs, strict=True):
            assert np.array_equal(grid, output)  # type: ignore[arg-type]  # status is ok


def test_no_inputs_is_a_program_that_only_loads() -> None:
    with Sandbox(FAST) as sandbox:
        executions = by_id(sandbox.execute([Job("a", TURN, ()), Job("b", "1 +", ()), Job("c", "1 / 0", ())]))
    assert [executions[name].status for name in "abc"] == [Status.OK, Status.SYNTAX_ERROR, Status.ERROR]


def test_dead_workers_and_templates_cost_nothing_but_time() -> None:
    me = psutil.Process()
    with Sandbox(FAST) as sandbox:
        before = set(below(me))
        run = sandbox.execute(Job(str(k), f"{TURN}# {k}", (A,)) for k in range(300))
        seen = [next(run).id]
        (template,) = [p for p in me.children() if p in before or p.ppid() == me.pid]
        template.children()[0].kill()
        seen += [next(run).id for _ in range(50)]
        template.kill()
        seen += [execution.id for execution in run]
    assert sorted(seen, key=int) == [str(k) for k in range(300)]


@pytest.mark.parametrize("attempt", range(6))
def test_a_worker_and_its_template_may_die_at_once(attempt: int) -> None:
    me = psutil.Process()
    with Sandbox(FAST) as sandbox:
        run = sandbox.execute(Job(str(k), f"{TURN}# {k}", (A,)) for k in range(300))
        seen = [next(run).id]
        (template,) = me.children()
        # Both deaths wait to be noticed. Where the worker's comes first, a dead template is asked for another one.
        for process in (template.children()[0], template):
            process.kill()
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(0.5)
        seen += [execution.id for execution in run]
    assert sorted(seen, key=int) == [str(k) for k in range(300)]


def test_a_machine_that_kills_every_worker_is_named() -> None:
    me = psutil.Process()
    with Sandbox(ExecutionConfig(workers=1, timeout=60, wall_timeout=60)) as sandbox:
        run = sandbox.execute([Job("a", LOOP, (A,))])
        jobs = iter([Job("b", TURN, (A,))])
        assert next(sandbox.execute(jobs)).status is Status.OK

        def kill() -> None:
            killed = 0
            while killed < 3:
                # Any of them may be gone by the time that it is asked.
                with contextlib.suppress(psutil.NoSuchProcess):
                    workers = [w for p in me.children() for w in p.children() if w.children()]
                    if workers:
                        workers[0].kill()
                        killed += 1
                        workers[0].wait(5)

        killer = threading.Thread(target=kill)
        killer.start()
        (execution,) = run
        killer.join()
    assert execution.status is Status.CRASH
    assert "killed from outside, with its worker" in execution.error


@pytest.mark.parametrize("mode", ["batch", "strict"])
@pytest.mark.parametrize("kills", [1, 2, 3])
def test_what_the_machine_kills_is_run_again_before_it_counts(kills: int, mode: Literal["batch", "strict"]) -> None:
    me, late = psutil.Process(), ExecutionConfig(workers=1, timeout=60, wall_timeout=60, mode=mode)
    slow = "def transform(g):\n    for i in range(10**8):\n        pass\n    return g.T\n"
    with Sandbox(late) as sandbox:
        run = sandbox.execute([Job("a", slow, (A,)), *(Job(str(k), f"{TURN}# {k}", (A,)) for k in range(5))])
        killed: set[int] = set()
        over = threading.Event()

        def kill() -> None:
            while len(killed) < kills and not over.is_set():
                # Any of them may be gone by the time that it is asked, one whose children are wanted too.
                with contextlib.suppress(psutil.Error):
                    for process in (q for p in me.children() for w in p.children() for q in w.children()):
                        # Only one that computes has the slow program, and not yet or no longer a fast one.
                        if process.pid not in killed and process.cpu_times().user > 0.05:
                            process.kill()
                            killed.add(process.pid)
                            break

        killer = threading.Thread(target=kill)
        killer.start()
        made = by_id(run)
        over.set()
        killer.join()
    assert len(killed) == kills
    assert {one.status for name, one in made.items() if name != "a"} == {Status.OK}
    if kills < 3:
        assert made["a"].status is Status.OK
    else:
        assert made["a"].status is Status.CRASH and "killed from outside 3 times" in made["a"].error


def test_a_template_that_dies_as_it_starts_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    start, left = pool.Pool.__init__, [3]

    def dying(self: pool.Pool, *arguments: Any) -> None:
        start(self, *arguments)
        if left[0]:
            left[0] -= 1
            self._process.kill()

    monkeypatch.setattr(pool.Pool, "__init__", dying)
    with Sandbox(FAST) as sandbox:
        left[0] = 2  # and once more where one for other libraries is started with programs waiting
        jobs = [Job("a", TURN, (A,)), Job("b", "import scipy.ndimage\n" + TURN, (A,))]
        assert {one.status for one in sandbox.execute(jobs)} == {Status.OK}
    left[0] = 99
    with pytest.raises(SandboxError, match="died 6 times in a row"), Sandbox(FAST):
        pass


def test_a_napping_program_is_stopped_and_told_what_it_took() -> None:
    nap = "import time\ndef transform(g):\n    while True:\n        time.sleep(0.001)\n        sum(range(2000))\n"
    with Sandbox(ExecutionConfig(workers=1, timeout=0.9, wall_timeout=1)) as sandbox:
        (execution,) = sandbox.execute([Job("a", nap, (A,))])
    assert execution.status is Status.TIMEOUT
    # On a slow machine it computes so long between its naps that the limit on CPU time comes first.
    assert "(limit 1), " in execution.error or "0.9 s of CPU" in execution.error


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_nothing_is_left_behind(mode: str) -> None:
    me = psutil.Process()
    descriptors, processes, shared = me.num_fds(), set(below(me)), os.listdir("/dev/shm")
    with Sandbox(ExecutionConfig(workers=2, timeout=0.3, wall_timeout=1, mode=mode)) as sandbox:  # type: ignore[arg-type]  # one of the two
        jobs = [
            Job(str(k), source, (A,)) for k, source in enumerate((TURN, CRASH, LOOP, "import scipy.ndimage\n" + TURN))
        ]
        pairs = [(jobs[int(e.id)], e) for e in sandbox.execute(jobs)]
        list(sandbox.confirm(pairs))
        started = set(below(me)) - processes
        assert len(started) >= 3
        left = sandbox.execute([Job("x", LOOP + "#", (A,)), Job("y", TURN + "#", (A,))])
        next(left)
        left.close()  # type: ignore[attr-defined]  # a generator, promised to be an iterator only
    _, alive = psutil.wait_procs(started, timeout=5)
    assert not alive
    assert set(below(me)) == processes
    assert me.num_fds() == descriptors
    assert os.listdir("/dev/shm") == shared


def test_death_of_the_supervisor_ends_everything(tmp_path: Path) -> None:
    script = tmp_path / "supervisor.py"
    script.write_text(
        "import sys, numpy as np\nfrom arcloop.config import ExecutionConfig\nfrom arcloop.execution import Sandbox\n"
        "from arcloop.records import Job\n"
        "with Sandbox(ExecutionConfig(workers=2, timeout=60, wall_timeout=60)) as sandbox:\n"
        "    g = np.zeros((1, 1), np.int8)\n"
        f"    jobs = [Job('a', 'def transform(g): return g', (g,)), Job('b', {LOOP!r}, (g,)), Job('c', {LOOP!r}+'#', (g,))]\n"
        "    run = sandbox.execute(jobs)\n"
        "    next(run); print('ready', flush=True); next(run)\n"
    )
    import subprocess
    import sys

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"ready\n"
        started = below(psutil.Process(supervisor.pid))
        assert len(started) >= 3
        supervisor.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=5)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_timeouts_lower_the_limit_of_their_group_only_if_asked() -> None:
    def limits(lower_after: int) -> dict[str, str]:
        config = ExecutionConfig(workers=1, timeout=0.4, wall_timeout=2, lower_after=lower_after)
        with Sandbox(config) as sandbox:
            found = {}
            for name, group in (("1", "t"), ("2", "t"), ("3", "t"), ("4", "t"), ("5", "t"), ("6", "u"), ("7", "")):
                (execution,) = sandbox.execute([Job(name, f"{LOOP}# {name}", (A,), group)])
                found[name] = execution.error.split()[2]
            return found

    assert limits(0) == dict.fromkeys("1234567", "0.4")
    assert limits(1) == {"1": "0.4", "2": "0.2", "3": "0.1", "4": "0.05", "5": "0.05", "6": "0.4", "7": "0.4"}


def test_weak_protection_is_refused_unless_allowed() -> None:
    with pytest.raises(SandboxError, match="--allow-weak-sandbox"), Sandbox(FAST, at_most=Protection.RLIMITS):
        pass
    allowed = ExecutionConfig(workers=1, allow_weak_sandbox=True)
    with Sandbox(allowed, at_most=Protection.RLIMITS) as sandbox:
        assert sandbox.protection is Protection.RLIMITS
        (execution,) = sandbox.execute([Job("a", TURN, (A,))])
    assert execution.status is Status.OK


def test_without_landlock_no_file_can_be_opened() -> None:
    sources = {
        "turn": "from common import *\nimport random, math, copy\nfrom collections import deque\n" + TURN,
        "file": "open('/etc/hostname')\n" + TURN,
        "library": "open(np.__file__)\n" + TURN,
        "late": "import wave\n" + TURN,
        "net": "import socket\nsocket.socket()\n" + TURN,
    }
    with Sandbox(FAST, at_most=Protection.SECCOMP) as sandbox:
        assert sandbox.protection is Protection.SECCOMP
        executions = by_id(sandbox.execute(Job(name, source, (A,)) for name, source in sources.items()))
    statuses = {name: execution.status for name, execution in executions.items()}
    assert statuses.pop("turn") is Status.OK
    assert set(statuses.values()) == {Status.ERROR}


def test_an_interpreter_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SandboxError, match="/bin/false"), Sandbox(FAST):
        pass
