"""Hostile programs between good ones: every verdict allowed, every neighbour right, nothing leaks, nothing stays."""

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from arcloop.config import ExecutionConfig
from arcloop.execution import Protection, Sandbox
from arcloop.records import Execution, Job, Status
from tests.execution.attacks import ATTACKS

LISTED = json.loads((Path(__file__).parent / "hostile_programs.json").read_text())
OWN = [{"id": name, "code": source, "expect": expect, "probe": "secret"} for name, (expect, source) in ATTACKS.items()]
PROGRAMS = {program["id"]: program for program in LISTED + OWN}
INPUTS = (
    np.array([[1, 0, 2], [0, 3, 0]], np.int8),
    np.array([[4, 4], [0, 5]], np.int8),
    np.array([[0, 6, 0, 6]], np.int8),
)
HIDDEN = tuple(np.array([[9, 8, 7], [1, 2, index]], np.int8) for index in range(3))
GOOD = (
    ("def transform(g):\n    return np.rot90(g)\n", lambda i: np.rot90(i)),
    (
        "from common import *\ndef transform(g):\n    out = np.zeros_like(g)\n    out[g != Color.BLACK] = Color.RED\n"
        "    return blit_sprite(out, crop(out), 0, 0)\n",
        None,
    ),
    ("def main(g):\n    return np.full((len(Color.ALL_COLORS), len(np.unique(g))), Color.BLUE)\n", None),
    ("import random\ndef transform(g):\n    return g * 0 + random.randrange(10) + np.random.randint(0, 1)\n", None),
)


@dataclass
class Stage:
    """A folder with things to protect, listeners nobody may reach, and what happened there in one run."""

    folder: Path
    visitors: list[str]
    verdicts: dict[str, Execution]
    neighbours: list[tuple[int, Execution]]
    library: dict[Path, bytes]


def source_of(program: dict[str, str], folder: Path) -> str:
    source = str(eval(program["code_gen"])) if "code_gen" in program else program["code"]
    return source.replace("@CANARY@", str(folder))


def ends(name: str) -> bool:
    """Whether a hostile program comes to an end of its own; of good neighbours that is not asked, they have to be in time."""
    return name in PROGRAMS and not {"timeout", "contained", "not_solved"} & set(PROGRAMS[name]["expect"].split("|"))


def judged(jobs: list[Job], config: ExecutionConfig) -> dict[str, Execution]:
    with Sandbox(config) as sandbox:
        by_id = {job.id: job for job in jobs}
        ran = list(sandbox.execute(jobs))
        assert sorted(execution.id for execution in ran) == sorted(by_id)
        again = sandbox.confirm((by_id[e.id], e) for e in ran if e.status is Status.OK)
        return {execution.id: execution for execution in (*ran, *again)}


def prepare(folder: Path) -> None:
    (folder / "keep.txt").write_text("keep")
    (folder / "solutions.json").write_text(json.dumps([grid.tolist() for grid in HIDDEN]))
    secret = folder / "home" / ".ssh" / "id_test"
    secret.parent.mkdir(parents=True)
    secret.write_text("SB_SECRET key")


def listen(visitors: list[str]) -> list[socket.socket]:
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", 39471))
    tcp.listen()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 39472))

    def accept() -> None:
        while True:
            try:
                tcp.accept()[0].close()
            except OSError:
                return
            visitors.append("tcp")

    def receive() -> None:
        while udp.recv(100) != b"end":
            visitors.append("udp")

    threading.Thread(target=accept, daemon=True).start()
    threading.Thread(target=receive, daemon=True).start()
    return [tcp, udp]


def library_files() -> dict[Path, bytes]:
    import arcloop

    folder = Path(arcloop.__path__[0])
    return {path: path.read_bytes() for name in ("common", "execution") for path in (folder / name).rglob("*.py")}


@pytest.fixture(scope="module", params=["batch", "strict"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("canary")
    prepare(folder)
    stage = Stage(folder, [], {}, [], library_files())
    listeners = listen(stage.visitors)
    os.environ["SB_SECRET"] = "SB_SECRET"
    jobs = []
    for index, program in enumerate(PROGRAMS.values()):
        # Good sources differ by a comment, so that each is run and not remembered.
        jobs.append(Job(f"good {index % len(GOOD)} {index}", GOOD[index % len(GOOD)][0] + f"# {index}\n", INPUTS))
        jobs.append(Job(program["id"], source_of(program, folder), INPUTS))
    config = ExecutionConfig(workers=2, timeout=1.0, wall_timeout=2.0, memory=128, mode=request.param)
    verdicts = judged(jobs, config)
    # A busy machine may stop at one second what ends in another way by itself: that is let run on.
    late = [job for job in jobs if verdicts[job.id].status is Status.TIMEOUT and ends(job.id)]
    verdicts |= judged(late, replace(config, timeout=10.0, wall_timeout=60.0))
    for name, execution in verdicts.items():
        if name.startswith("good "):
            stage.neighbours.append((int(name.split()[1]), execution))
        else:
            stage.verdicts[name] = execution
    del os.environ["SB_SECRET"]
    listeners[1].sendto(b"end", listeners[1].getsockname())
    listeners[0].shutdown(socket.SHUT_RDWR)
    for listener in listeners:
        listener.close()
    yield stage


@pytest.mark.parametrize("name", PROGRAMS)
def test_verdict_is_allowed(stage: Stage, name: str) -> None:
    program, execution = PROGRAMS[name], stage.verdicts[name]
    expected = program["expect"].split("|")
    if "contained" not in expected and "not_solved" not in expected:
        assert execution.status in expected, execution.error
    if "not_solved" in expected:
        for output, hidden in zip(execution.outputs, HIDDEN, strict=True):
            assert output is None or not np.array_equal(output, hidden)
    assert len(execution.outputs) == len(INPUTS)
    assert len(execution.error) <= 200
    assert execution.error.isprintable()


@pytest.mark.parametrize("name", [name for name, program in PROGRAMS.items() if program.get("check")])
def test_output_is_what_the_program_means(stage: Stage, name: str) -> None:
    execution = stage.verdicts[name]
    if execution.status is Status.OK:
        for i, o in zip(INPUTS, execution.outputs, strict=True):
            assert eval(PROGRAMS[name]["check"], {"np": np, "i": i, "o": o})


@pytest.mark.parametrize("name", [name for name, program in PROGRAMS.items() if program.get("probe") == "secret"])
def test_no_secret_comes_out(stage: Stage, name: str) -> None:
    for output in stage.verdicts[name].outputs:
        assert output is None or not (output == 7).all()


def test_neighbours_are_right(stage: Stage) -> None:
    first: dict[int, Execution] = {}
    for kind, execution in stage.neighbours:
        assert execution.status is Status.OK, (execution.id, execution.error)
        expected = GOOD[kind][1]
        for index, output in enumerate(execution.outputs):
            wanted = first.setdefault(kind, execution).outputs[index] if expected is None else expected(INPUTS[index])
            assert np.array_equal(output, wanted), execution.id
    for output, grid in zip(first[1].outputs, INPUTS, strict=True):
        assert set(np.unique(output)) <= {0, 2}
        assert output.shape == grid.shape
    for output, grid in zip(first[2].outputs, INPUTS, strict=True):
        assert output.shape == (10, len(np.unique(grid)))
        assert (output == 1).all()


def test_no_file_is_touched(stage: Stage) -> None:
    assert sorted(path.name for path in stage.folder.iterdir()) == ["home", "keep.txt", "solutions.json"]
    assert (stage.folder / "keep.txt").read_text() == "keep"
    assert library_files() == stage.library


def test_no_listener_is_reached(stage: Stage) -> None:
    assert stage.visitors == []


def test_data_is_the_whole_list() -> None:
    assert len(LISTED) == 93
    assert sys.platform == "linux"
    assert not set(ATTACKS) & {program["id"] for program in LISTED}
    assert Protection.FULL in Protection
