"""``recipes/kaggle.py`` as a notebook runs it: without a network, with a limit of time, and always with a submission."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import load_tasks
from tests import ROOT

SCRIPT = ROOT / "recipes" / "kaggle.py"
TASKS = load_tasks("arc1-train", None, ("67a3c6ac", "25ff71a9"))
SETTINGS = (
    *("--rounds", "1", "--programs", "4", "--sampling.max-tokens", "64", "--group-size", "1"),
    *("--execution.workers", "1"),
)


@pytest.fixture
def challenges(tmp_path: Path) -> Path:
    path = tmp_path / "arc-agi_test_challenges.json"
    path.write_text(json.dumps({task.id: task_to_json(task) for task in TASKS}))
    return path


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("kaggle", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "EVERY", 0.05)
    return module


def without_network() -> list[str]:
    """What a command is run by so that it has no network, where the machine lets that be done."""
    command = ["unshare", "--net", "--map-root-user"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


def test_a_notebook_without_a_network_submits_from_its_first_moment_on(challenges: Path, tmp_path: Path) -> None:
    out = tmp_path / "working"
    named = [
        "--wheels",
        "",
        "--model",
        "embedded",
        "--tasks",
        challenges,
        "--out",
        out,
        "--workers",
        "2",
        "--hours",
        "0.5",
    ]
    process = subprocess.Popen(
        [*without_network(), sys.executable, SCRIPT, *named, *SETTINGS],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not (out / "submission.json").exists():
        assert process.poll() is None
    assert not (out / "run").exists()
    validate(json.loads((out / "submission.json").read_bytes()), TASKS)
    said = process.communicate()[0].decode()
    assert process.returncode == 0, said
    run = RunDir.open(out / "run")
    assert run.finished and "1 of 2 tasks" in said and "train pass@n" in said, said
    # What is submitted is what the whole run has found.
    assert (out / "submission.json").read_bytes() == (run.path / "submission.json").read_bytes()


DIES = """
import json, os, sys, time
from pathlib import Path
run, names = Path(sys.argv[1]), sys.argv[2].split()
share = sys.argv[sys.argv.index("--share") + 1]
if (mark := run / share.replace("/", "-")).exists() is False:
    mark.touch()
    sys.exit(9)
content = {name: [{"attempt_1": [[5]], "attempt_2": [[6]]}] for name in names}
(run / "submission.json").write_text(json.dumps(content))
if "hang" in sys.argv:
    time.sleep(600)
"""


def test_who_dies_is_started_again_and_who_does_not_end_is_ended(script: ModuleType, tmp_path: Path) -> None:
    names = {task.id for task in TASKS}
    for hangs in (False, True):
        run = tmp_path / f"run-{hangs}"
        run.mkdir()
        command = [sys.executable, "-c", DIES, str(run), " ".join(sorted(names)), *(["hang"] if hangs else [])]
        now = time.time()
        late = 8.0 if hangs else 600.0
        script.search(command, [{}, {}], dict(os.environ), run, tmp_path, names, now + late - 1, now + late)
        assert {path.name for path in run.iterdir()} == {"1-2", "2-2", "submission.json"}
        assert (tmp_path / "submission.json").read_bytes() == (run / "submission.json").read_bytes()


def test_what_is_not_whole_is_not_submitted(script: ModuleType, challenges: Path, tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    path.write_text("{")
    names = script.first_submission(challenges, path)
    first = path.read_bytes()
    validate(json.loads(first), TASKS)
    run = tmp_path / "run"
    run.mkdir()
    for content in (b"", b"{", b"[]", json.dumps({TASKS[0].id: []}).encode()):
        (run / "submission.json").write_bytes(content)
        script.update(run, tmp_path, names)
        assert path.read_bytes() == first
    # One of an earlier call is not thrown away for simple grids.
    better = json.dumps({task.id: [{"attempt_1": [[7]], "attempt_2": [[8]]}] for task in TASKS}).encode()
    path.write_bytes(better)
    script.first_submission(challenges, path)
    assert path.read_bytes() == better


def test_every_process_has_a_part_of_the_cores(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setenv("PATH", "")  # no nvidia-smi
    assert script.devices(0) == [{"OMP_NUM_THREADS": "1"}] * 8
    assert script.devices(3) == [{"OMP_NUM_THREADS": "2"}] * 3
    listed = subprocess.CompletedProcess([], 0, "GPU 0: NVIDIA L4 (UUID: a)\nGPU 1: NVIDIA L4 (UUID: b)\n", "")
    monkeypatch.setattr(script.subprocess, "run", lambda *arguments, **options: listed)
    assert [own["CUDA_VISIBLE_DEVICES"] for own in script.devices(0)] == ["0", "1"]
