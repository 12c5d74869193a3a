"""Rates from a run's folder, and what the command makes of them."""

import dataclasses
import os
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.assembly import probing
from arcloop.assembly.probing import probed, rates_of
from arcloop.cli import plan
from arcloop.config import Config
from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.outcome import conclude
from arcloop.report.page import write_report
from arcloop.runs.rundir import RunDir
from tests.evaluation.test_planning import RATES
from tests.fakes import MANIFEST
from tests.test_loop import CONFIG, TASKS, Parts

GRAMMAR = Config("drawing", limit=3, sampler="grammar", model="grammar", rounds=2, programs=6, group_size=1)


def test_the_rates_of_a_run_are_what_its_numbers_say(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=2))
    conclude(run, {})
    write_report(run)
    done = [place.group.numbers() for place in run.places()]
    rates = rates_of(run)
    assert rates.completion == pytest.approx(sum(n.search.search_seconds for n in done) / 120)
    learned = [n.learning.learn_seconds for n in done if n.learning is not None]
    assert len(learned) == 2 and rates.learning == pytest.approx(sum(learned) / 3)
    assert rates.cpu == pytest.approx(0.001 * sum(n.search.programs for n in done) / 120)
    assert rates.files > 8 and rates.bytes > 0 and rates.file > 0 and rates.submission > 0
    # Nothing is left of what was tried, and the run is untouched.
    assert not list(run.path.glob(".plan-*")) and run.finished
    # A run that lay for a day says nothing of how long it takes to start.
    began = run.path / "config.json"
    os.utime(began, (0, 0))
    assert rates_of(run).start == 0


def test_a_run_without_a_search_has_no_rates(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    with pytest.raises(RunError, match="no search of it is done; expected a run with one"):
        rates_of(run)


def test_a_run_that_was_stopped_while_it_learned_says_what_its_searches_need(tmp_path: Path) -> None:
    parts = Parts()
    parts.stop_learning()
    with pytest.raises(KeyboardInterrupt):
        parts.run(tmp_path / "run", CONFIG)
    rates = rates_of(RunDir.open(tmp_path / "run"))
    assert rates.completion > 0 and rates.learning is None


def test_a_probe_without_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_PROBE", 0.0)
    with pytest.raises(RunError, match=r"no search of 6 programs was over in 0 s; expected a faster device"):
        probed(GRAMMAR, Console(quiet=True))


def test_a_probe_leaves_nothing_and_a_plan_says_what_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    rates = probed(GRAMMAR, Console(quiet=True))
    assert rates.completion + rates.token > 0 and rates.learning is None and list(tmp_path.iterdir()) == []
    monkeypatch.setattr(plan, "probed", lambda config, console, tell: rates)
    assert plan.main(["--tasks", "drawing", "--limit", "30", "--group-size", "3", "--gpus", "4", "--hours", "1"]) == 0
    said = capsys.readouterr().out
    assert "30 tasks in 10 groups, 2 rounds of 64 programs: 3,840 programs" in said
    assert "memory      a GPU of 8 GiB is enough" in said
    assert "4    devices" in said and "--programs" in said and "file system: used up" in said
    for wrong in (["--gpus", "0"], ["--hours", "0"], ["--cores", "0"]):
        with pytest.raises(ConfigError, match="expected"):
            plan.main(["--tasks", "drawing", *wrong])
    with pytest.raises(ConfigError, match="expected a task set"):
        plan.main([])


def test_a_plan_says_what_search_and_learning_take_of_a_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = dataclasses.replace(RATES, token=1e-5, length=800.0)
    monkeypatch.setattr(plan, "probed", lambda config, console, tell: rates)
    asked = ["--tasks", "drawing", "--limit", "4", "--model", "embedded", "--rounds", "2"]
    assert plan.main([*asked, "--gpu-memory", "8"]) == 0
    said = capsys.readouterr().out
    assert "memory      7.4 GiB free on each device\n            search " in said
    assert "GiB, weights 0.0" in said and "\n            learning " in said and "packs of" in said
    assert plan.main([*asked, "--gpu-memory", "0.7"]) == 0
    assert "memory      does not fit: " in capsys.readouterr().out
    with pytest.raises(ConfigError, match="gpu-memory is -1"):
        plan.main([*asked, "--gpu-memory", "-1"])
