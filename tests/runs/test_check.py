"""Damaged files of a run: what was written is read, or one line names the file and the way on. Never anything else."""

import dataclasses
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.config import Config, SelectionConfig, StoppingConfig
from arcloop.errors import ArcloopError
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.report.page import write_report
from arcloop.runs.check import check
from arcloop.runs.numbers import RunNumbers
from arcloop.runs.rundir import RunDir
from tests.arc_grids import FLIP
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

TASKS = [FLIP, Task("again", FLIP.train, FLIP.test_inputs)]
CONFIG = Config(
    "fakes",
    model="grammar",
    sampler="grammar",
    rounds=2,
    programs=10,
    group_size=1,
    seed=4,
    selection=SelectionConfig(k=3),
    stopping=StoppingConfig(perfect=0),
)
ANSWERS = {FLIP.id: FLIP.test_inputs}


def go_on(path: Path) -> RunNumbers:
    """Resume a run, and evaluate it."""
    run = RunDir.open(path)
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    return conclude(run, ANSWERS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "whole"
    RunDir.create(path, CONFIG, TASKS, MANIFEST, {"another": 2})
    go_on(path)
    write_report(RunDir.open(path))
    return path


def flipped(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]


def cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def zeroed(content: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(content))
    return content[:place] + bytes(min(64, len(content) - place)) + content[place + 64 :]


def digit(content: bytes, rng: random.Random) -> bytes:
    """As somebody would who edits a file."""
    places = [place for place, byte in enumerate(content) if byte in b"0123456789"]
    if not places:
        return flipped(content, rng)
    place = rng.choice(places)
    return content[:place] + str((int(chr(content[place])) + 1) % 10).encode() + content[place + 1 :]


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [flipped, cut, zeroed, digit]


def test_a_whole_run_has_no_fault(whole: Path) -> None:
    found = check(RunDir.open(whole))
    assert found.faults == [] and found.notes == []
    assert found.groups == 4 and found.programs > 10
    written = [path for path in whole.rglob("*") if path.is_file() and path.name not in ("DONE", "report.html")]
    assert found.files == len(written)


def test_no_damage_is_read_as_if_nothing_were(whole: Path, tmp_path: Path) -> None:
    rng, expected = random.Random(5), go_on(whole)
    submission = (whole / "submission.json").read_bytes()
    names = [path.relative_to(whole) for path in sorted(whole.rglob("*")) if path.is_file() and path.stat().st_size]
    assert len(names) > 25
    refused = 0
    for name in names:
        for damage in DAMAGES:
            path = tmp_path / "run"
            shutil.copytree(whole, path)
            content = (path / name).read_bytes()
            damaged = damage(content, rng)
            (path / name).write_bytes(damaged)
            faults = check(RunDir.open(path)).faults
            rebuilt = name.name == "report.html"
            if damaged != content and not rebuilt:
                # White space and the order of what a JSON file holds say nothing.
                assert len(faults) >= 1 or _same(content, damaged), (name, damage)
            assert all("\n" not in fault and str(path) in fault for fault in faults)
            try:
                assert go_on(path) == expected, (name, damage)
            except ArcloopError as error:
                refused += 1
                assert "\n" not in str(error) and str(path / name) in str(error), (name, damage)
                assert faults, (name, damage)
            else:
                assert (path / "submission.json").read_bytes() == submission
            shutil.rmtree(path)
    assert refused > 60


def _same(content: bytes, damaged: bytes) -> bool:
    try:
        return bool(json.loads(content) == json.loads(damaged))
    except ValueError:
        return False


@pytest.mark.parametrize("group", ["round_000/group_001", "round_001/group_000"])
def test_a_damaged_group_is_done_again_once_its_folder_is_deleted(whole: Path, tmp_path: Path, group: str) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole, path)
    (path / group / "programs.parquet").write_bytes(b"torn")
    (fault,) = check(RunDir.open(path)).faults
    assert f"{group}/programs.parquet: not what was written" in fault and "delete its" in fault
    shutil.rmtree(path / group)
    go_on(path)
    assert check(RunDir.open(path)).faults == []
    assert (path / "submission.json").read_bytes() == (whole / "submission.json").read_bytes()


@pytest.mark.parametrize(
    ("other", "says"), [("round_000/group_000", "group_001"), ("round_001/group_001", "round_000")]
)
def test_tables_of_another_group_or_round_are_refused(whole: Path, tmp_path: Path, other: str, says: str) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole, path)
    place = path / "round_000/group_001"
    shutil.rmtree(place)
    shutil.copytree(path / other, place)
    (fault,) = check(RunDir.open(path)).faults
    assert "is of another round or group" in fault and says in fault
    with pytest.raises(ArcloopError, match="is of another round or group"):
        go_on(path)


def test_an_edited_setting_does_not_go_on(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole, path)
    config = path / "config.json"
    config.write_text(config.read_text().replace('"seed": 4', '"seed": 5'))
    with pytest.raises(ArcloopError, match=r"config.json: not what was written.*begin a new run"):
        go_on(path)


def test_what_is_unfinished_is_said_and_is_no_fault(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    run.group(0, 0).path.mkdir(parents=True)
    (run.path / ".submission.json.tmp").write_bytes(b"half")
    found = check(run)
    assert found.faults == []
    assert [note.partition(": ")[2].split()[0] for note in found.notes] == ["interrupted", "not", "left"]


def test_a_submission_that_a_resumed_run_has_bettered_is_no_fault(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(whole, path)
    submission = path / "submission.json"
    submission.write_text(submission.read_text() + "\n")
    (fault,) = check(RunDir.open(path)).faults
    assert "submission.json: not what was written" in fault
    shutil.rmtree(path / "round_001" / "group_001")
    numbers = RunDir.open(path).numbers()
    RunDir.open(path).write_numbers(dataclasses.replace(numbers, groups_done=numbers.groups_done - 1))
    found = check(RunDir.open(path))
    assert found.faults == [] and any("newer than metrics.json" in note for note in found.notes)
