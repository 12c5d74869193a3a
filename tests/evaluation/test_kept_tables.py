"""The figures of the documentation are what the tables that are kept say."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from arcloop.evaluation.experiment import drawn, read_experiment
from arcloop.evaluation.task_table import read_task_tables
from experiments import forest
from tests import ROOT

COMMAND = re.compile(r"^python -m experiments\.forest ((?:.*\\\n)*.*--out docs/.*)$", re.MULTILINE)


@pytest.mark.parametrize("page", ["effect.md", "helps.md"])
def test_a_page_s_command_draws_its_figure(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / page).read_text()
    (command,) = COMMAND.findall(text)
    *arguments, out = shlex.split(command.replace("\\\n", " "))
    assert f"]({Path(out).name})" in text
    monkeypatch.setattr(sys, "argv", ["forest", *arguments, str(tmp_path / "drawn.svg")])
    forest.main()
    assert (tmp_path / "drawn.svg").read_text() == Path(out).read_text()


def test_a_number_or_an_arm_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(ROOT / "docs" / "data" / "demo-tasks.parquet")
    monkeypatch.setattr(sys, "argv", ["forest", table, "--arms", "search", "--out", "nowhere.svg"])
    with pytest.raises(SystemExit):
        forest.main()
    assert "--arms search; expected one of search only, search and learn" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["forest", table, "--number", "pass@7", "--out", "nowhere.svg"])
    with pytest.raises(SystemExit):
        forest.main()
    assert (
        "--number pass@7; expected one of a right train grid, best pixel similarity, pass@24" in capsys.readouterr().err
    )


def test_the_tasks_of_learning_are_those_that_its_file_says() -> None:
    searched, _ = read_task_tables([ROOT / "docs" / "data" / "gain-tasks.parquet"])["arc1-eval"]
    assert searched.name == "search only" and len(searched.runs) == 8
    by_seed = [run.numbers for run in searched.runs]
    best = {task: [numbers[task].best for numbers in by_seed] for task in by_seed[0]}
    solved = {task: sum((numbers[task].perfect or 0) > 0 for numbers in by_seed) for task in by_seed[0]}
    found = {task for task, programs in best.items() if any(program and any(program.correct) for program in programs)}
    within, beyond = (task_set.base.task_ids for task_set in read_experiment("learning").sets)
    assert within == tuple(sorted(task for task in found if solved[task] < 4))
    nothing = sorted(solved.keys() - found)
    assert (len(nothing), len(solved) - len(within) - len(nothing)) == (305, 31)
    assert beyond == drawn(nothing, 40)
