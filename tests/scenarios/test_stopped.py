"""A run on the embedded model, stopped at any moment in any way, leaves a valid submission."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate
from tests.chaos.launch import Launcher
from tests.chaos.trial import SETTINGS as KINDS

SETTINGS = KINDS["learning"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with Launcher(tmp_path_factory.mktemp("launcher")) as launcher:
        yield launcher


def test_stopped_at_ten_random_moments_ten_valid_submissions(runs: Launcher, tmp_path: Path) -> None:
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
        ended = runs.end()
        run = RunDir.open(out)
        validate(run.read("submission.json"), run.tasks())
        # 0: it had been quicker. -15: it had not even begun.
        expected = {signal.SIGKILL: (-9, 0), signal.SIGTERM: (130, -15, 0), signal.SIGINT: (130, 0)}[kind]
        assert ended.code in expected, ended.said
        reached.add(len(list(out.rglob("*"))))
    assert len(reached) > 1  # they were different moments
    assert runs.run("resume", tmp_path / "0").code == 0
    assert RunDir.open(tmp_path / "0").finished


def test_a_deadline_ends_a_run_with_exit_code_0_and_says_so(runs: Launcher, tmp_path: Path) -> None:
    long = (*SETTINGS, "--programs", "4000", "--rounds", "3", "--deadline", "2")
    ended = runs.run("run", *long, "--out", tmp_path / "run")
    assert ended.code == 0, ended.said
    run = RunDir.open(tmp_path / "run")
    validate(run.read("submission.json"), run.tasks())
    assert not run.finished
    assert f"The deadline has come. What is done is kept: go on with  arcloop resume {run.path}" in ended.said
    assert (run.path / "report.html").exists()
    assert runs.run("resume", run.path, "--deadline", "2020-01-01").code == 0
    assert runs.run("resume", run.path, "--deadline", "tomorrow").code == 2
