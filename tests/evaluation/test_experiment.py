"""The experiment: arms that differ in one thing at equal budgets, and the command that runs and compares them."""

import dataclasses
import json
import sys
from pathlib import Path

import pytest

from arcloop.cli import main
from arcloop.config import Config
from arcloop.errors import ConfigError
from arcloop.evaluation.experiment import LEARNING, QUESTIONS, TaskSet, drawn, task_sets
from arcloop.runs.rundir import RunDir

BASE = Config("arc1-train")


def test_all_arms_sample_equally_many_programs_under_the_same_seeds() -> None:
    arms = tuple(dict.fromkeys((*LEARNING, *QUESTIONS)))
    runs = list(TaskSet("some", BASE, 128).runs(arms, (1, 2)))
    assert len(runs) == 2 * len(arms) == 14
    assert {config.rounds * config.programs for _, _, config in runs} == {128}
    assert [config.rounds for _, seed, config in runs if seed == 1][:4] == [1, 2, 4, 8]


@pytest.mark.parametrize("arm", QUESTIONS[1:], ids=lambda arm: arm.name)
def test_a_question_changes_one_thing(arm: object) -> None:
    first, other = QUESTIONS[0].config(BASE, 64, 1), arm.config(BASE, 64, 1)  # type: ignore[attr-defined]
    changed = [f.name for f in dataclasses.fields(Config) if getattr(first, f.name) != getattr(other, f.name)]
    assert len(changed) == 1


def test_programs_that_cannot_be_spread_are_refused() -> None:
    with pytest.raises(ConfigError, match="multiple of 8"):
        LEARNING[3].config(BASE, 100, 1)


def test_tasks_are_drawn_once() -> None:
    ids = [f"t{i}" for i in range(50)]
    few = drawn(ids, 10)
    assert few == drawn(ids, 10) == tuple(sorted(few, key=ids.index)) and len(set(few)) == 10
    assert drawn(ids, 100) == tuple(ids)
    drawing, arc = task_sets(("drawing", "arc1-eval"), 5, 64, 512, "grammar")
    assert (drawing.programs, arc.programs, len(arc.base.task_ids)) == (512, 64, 5)
    assert drawing.base.stopping.perfect == arc.base.stopping.perfect == 0


def test_the_command_runs_compares_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["arcloop", "experiment", "effect", "--out", str(tmp_path), "--sets", "arc1-train", "--tasks", "2"]
    monkeypatch.setattr(sys, "argv", [*command, "--programs", "8", "--seeds", "1", "2", "--model", "grammar"])
    assert main() == 0
    printed = capsys.readouterr().out
    assert "7 learning rounds ×2" not in printed and "7 learning rounds against search only, solved@2" in printed
    runs = sorted(path.parent for path in tmp_path.glob("arc1-train/*/*/config.json"))
    assert len(runs) == 8 and all(RunDir.open(run).finished for run in runs)
    found = json.loads((tmp_path / "effect.json").read_text())["arc1-train, learning"]
    assert [row["programs"] for row in found["rows"]] == [16.0] * 4 and found["k"] is None
    assert "| search only |" in (tmp_path / "effect.md").read_text()
    page = (tmp_path / "arc1-train-learning.html").read_text()
    assert "search only" in page and "within noise" in page
    before = {run: (run / "metrics.json").read_bytes() for run in runs}
    assert main() == 0
    assert {run: (run / "metrics.json").read_bytes() for run in runs} == before
