"""A run on the embedded model, stopped at any moment in any way, leaves a valid submission."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate

SETTINGS = [
    *("--tasks", "arc1-train", "--task-ids", "67a3c6ac", "25ff71a9", "3c9b0459", "--group-size", "2"),
    *("--rounds", "2", "--programs", "4", "--sampling.max-tokens", "64", "--stopping.every", "4"),
]

SERVER = """
import json, os, sys, traceback
# What takes seconds is done once; then every run is a process of its own in no time.
import arcloop.cli.run, arcloop.cli.resume, arcloop.report.run_page, peft
import arcloop.model.language, arcloop.sampling.transformers, arcloop.training.trainer
from arcloop.cli import main
print("ready", flush=True)
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        sys.stdin = open(os.devnull)
        os.dup2(os.open(os.environ["RUN_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        sys.argv = ["arcloop", *json.loads(line)]
        try:
            code = main()
        except BaseException:
            traceback.print_exc()
            code = 99
        sys.stdout.flush()
        os._exit(code)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Starts a process for each line of arguments; says its id, then its exit code."""


class Runs:
    """Processes that run arcloop, started quickly."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log.txt"
        environment = os.environ | {"RUN_LOG": str(self.log), "OMP_NUM_THREADS": "1"}
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.server.stdout is not None
        return self.server.stdout.readline().strip()

    def start(self, *arguments: object) -> int:
        assert self.server.stdin is not None
        self.server.stdin.write(json.dumps([str(a) for a in arguments]) + "\n")
        self.server.stdin.flush()
        return int(self.line())

    def code(self) -> int:
        return int(self.line())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    made = Runs(tmp_path_factory.mktemp("server"))
    yield made
    made.server.stdin.close()  # type: ignore[union-attr]
    made.server.stdout.close()  # type: ignore[union-attr]
    made.server.wait()


def test_stopped_at_ten_random_moments_ten_valid_submissions(runs: Runs, tmp_path: Path) -> None:
    rng = random.Random(7)
    reached = set()
    for moment in range(10):
        out = tmp_path / str(moment)
        pid = runs.start("run", *SETTINGS, "--out", out)
        # Before it has a configuration it is no run yet.
        while not (out / "config.json").exists():
            time.sleep(0.001)
        time.sleep(rng.random() * 4)
        kind = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[moment % 3]
        os.kill(pid, kind)
        code = runs.code()
        run = RunDir.open(out)
        validate(run.read("submission.json"), run.tasks())
        # 0: it had been quicker. -15: it had not even begun.
        expected = {signal.SIGKILL: (-9, 0), signal.SIGTERM: (130, -15, 0), signal.SIGINT: (130, 0)}[kind]
        assert code in expected, runs.log.read_text()
        reached.add(len(list(out.rglob("*"))))
    assert len(reached) > 1  # they were different moments
    runs.start("resume", tmp_path / "0")
    assert runs.code() == 0
    assert RunDir.open(tmp_path / "0").finished


def test_a_deadline_ends_a_run_with_exit_code_0_and_says_so(runs: Runs, tmp_path: Path) -> None:
    runs.start("run", *SETTINGS, "--programs", "4000", "--rounds", "3", "--deadline", "2", "--out", tmp_path / "run")
    assert runs.code() == 0, runs.log.read_text()
    run = RunDir.open(tmp_path / "run")
    validate(run.read("submission.json"), run.tasks())
    assert not run.finished
    assert f"The deadline has come. What is done is kept: go on with  arcloop resume {run.path}" in runs.log.read_text()
    assert (run.path / "report.html").exists()
    runs.start("resume", run.path, "--deadline", "2020-01-01")
    assert runs.code() == 0
    runs.start("resume", run.path, "--deadline", "tomorrow")
    assert runs.code() == 2
