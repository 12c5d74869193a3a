"""On Ray itself, with real tasks, the real sandbox, the embedded model and its trainer."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from arcloop.assembly import begin
from arcloop.config import AnchorsConfig, Config, SamplingConfig
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate
from tests import ROOT

ARCLOOP = [sys.executable, "-m", "arcloop.cli"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
NAMES = ("prompts.parquet", "completions.parquet", "programs.parquet", "scores.parquet", "examples.parquet")


def outcome(path: Path) -> dict[str, bytes]:
    """What must not depend on who did it."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.name in (*NAMES, "submission.json", "adapter_model.safetensors")
    }


def test_a_node_that_is_killed_changes_nothing(tmp_path: Path) -> None:
    ids = ("67a3c6ac", "25ff71a9", "3c9b0459", "68b16354")
    config = Config("arc1-train", task_ids=ids, rounds=2, programs=8, seed=3, group_size=1)
    config = Config(**vars(config) | {"sampling": SamplingConfig(max_tokens=96), "anchors": AnchorsConfig(share=0.0)})
    paths = [begin(config, tmp_path / name).path for name in ("alone", "spread")]
    command = [*ARCLOOP, "resume", paths[0]]
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    script = [sys.executable, "-m", "tests.cluster.three_nodes", paths[1], "--kill", "--apart"]
    done = subprocess.run(script, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "killing a node" in done.stdout, done.stdout
    assert "goes to another worker" in done.stdout or "a worker is gone" in done.stdout, done.stdout
    assert "not to be seen from every machine" in done.stdout
    assert outcome(paths[0]) == outcome(paths[1])
    assert check(RunDir.open(paths[1])).faults == []
    assert not (paths[1] / "failures.json").exists()


def test_one_group_learns_on_all_devices_and_a_kill_in_the_midst_of_it_changes_nothing(tmp_path: Path) -> None:
    ids = ("67a3c6ac", "25ff71a9")
    config = Config("arc1-train", task_ids=ids, rounds=2, programs=16, seed=3, group_size=0)
    config = Config(**vars(config) | {"sampling": SamplingConfig(max_tokens=96), "anchors": AnchorsConfig(share=0.0)})
    paths = [begin(config, tmp_path / name).path for name in ("alone", "spread")]
    subprocess.run([*ARCLOOP, "resume", paths[0]], check=True, capture_output=True, env=ENVIRONMENT)
    (tmp_path / "tmp").mkdir()
    command = [*ARCLOOP, "resume", paths[1], "--cluster", "local", "--cluster.workers", "2"]
    environment = ENVIRONMENT | {"TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    # A peer loads the model for seconds; the rows are there when the steps begin.
    there: list[psutil.Process] = []
    while process.poll() is None and not list((tmp_path / "tmp").glob("arcloop-peers-*/rows.arrow")):
        time.sleep(0.02)
        there = there or [one for one in psutil.process_iter() if "arcloop.training.peer" in command_of(one)]
    # Held, so that nobody learns to the end in the seconds that Ray takes to see that the driver is gone.
    workers = [one.parent() for one in there]
    for one in there:
        one.suspend()
    process.kill()
    printed, _ = process.communicate()
    assert "each learns on 2" in printed, printed
    _, alive = psutil.wait_procs([one for one in workers if one is not None], timeout=60)
    assert not alive
    for one in there:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.resume()
    _, alive = psutil.wait_procs(there, timeout=60)
    assert there and not alive
    group = RunDir.open(paths[1]).group(0, 0)
    assert group.searched and not group.done
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    run = RunDir.open(paths[1])
    assert outcome(paths[0]) == outcome(paths[1]) and check(run).faults == []
    losses = [RunDir.open(path).group(0, 0).numbers().learning for path in paths]
    assert losses[0] is not None and losses[1] is not None and losses[0].losses == losses[1].losses
    validate(run.read("submission.json"), run.tasks())


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_ctrl_c_on_a_local_cluster_keeps_what_was_found_and_leaves_nobody_behind(tmp_path: Path) -> None:
    out = tmp_path / "run"
    # A task that is solved is worked on all the same, for else its group would be done before the time.
    task = ["--tasks", "arc1-train", "--limit", "4", "--model", "grammar", "--programs", "100000", "--group-size", "1"]
    task += ["--stopping.perfect", "0"]
    command = [*ARCLOOP, "run", *task, "--cluster", "local", "--cluster.workers", "2", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
    there: list[psutil.Process] = []
    while process.poll() is None and len(list(out.glob("round_000/*"))) < 2:
        time.sleep(0.1)
        there = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else there
    listening = [c.laddr.ip for one in there for c in connections(one) if c.status == "LISTEN"]
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate()
    assert process.returncode == 130, printed
    assert f"arcloop resume {out}" in printed and "full protection" in printed
    assert listening and set(listening) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    run = RunDir.open(out)
    searched = [place.group for place in run.places() if place.group.searched]
    assert len(searched) == 2 and all(group.search_numbers().completions for group in searched)
    assert check(run).faults == []
    validate(run.read("submission.json"), run.tasks())
    _, alive = psutil.wait_procs(there, timeout=30)
    assert [one.cmdline() for one in alive] == []


def connections(process: psutil.Process) -> list:  # type: ignore[type-arg]
    try:
        return process.net_connections(kind="inet")
    except psutil.Error:
        return []


def test_without_ray_one_line_names_the_extra(tmp_path: Path) -> None:
    out = tmp_path / "run"
    probe = "import sys; sys.modules['ray'] = None; from arcloop.cli import main; sys.exit(main())"
    task = ["--tasks", "arc1-train", "--limit", "1", "--model", "grammar", "--programs", "4", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", probe, "run", *task, "--cluster", "local"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "Ray is not installed; expected the extra cluster" in line


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--cluster.workers", "2"], "cluster is None; expected local, auto or an address"),
        (["--cluster", "local", "--cluster.workers", "0"], "cluster.workers is 0; expected 1 or more"),
        (["--cluster", "local", "--cluster.gpus-per-group", "1.5"], "expected 0 to 1, or a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_told_before_anything_is_done(
    tmp_path: Path, arguments: list[str], told: str
) -> None:
    out = tmp_path / "run"
    command = [*ARCLOOP, "run", "--tasks", "arc1-train", "--model", "grammar", "--out", str(out), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and told in done.stderr and not out.exists()


def test_a_cluster_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    out = tmp_path / "run"
    task = ["--tasks", "arc1-train", "--limit", "1", "--model", "grammar", "--programs", "4", "--out", str(out)]
    command = [*ARCLOOP, "run", *task, "--cluster", "no-such-host.invalid:6379"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 2 and "no-such-host.invalid" in done.stderr.splitlines()[-1]
    assert json.loads((out / "submission.json").read_text())
