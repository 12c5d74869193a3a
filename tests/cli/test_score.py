"""``arcloop score`` and ``arcloop check SUBMISSION``: Kaggle files as they come, whole, cut or made by somebody else."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcloop.cli import main
from arcloop.evaluation.submitted import score_submission, submission_faults
from arcloop.submission.kaggle import submission_json
from arcloop.submission.voting import vote
from arcloop.tasks.sets import load_answers, load_tasks
from tests.arc_grids import FLIP

Call = Callable[..., tuple[int, list[str], str]]

SOURCE = "arc1-train"
TASKS, ANSWERS = load_tasks(SOURCE), load_answers(SOURCE)
TWO = next(task.id for task in TASKS if len(task.test_inputs) == 2)
"""A task with two test inputs."""


@pytest.fixture
def arcloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: object) -> tuple[int, list[str], str]:
        monkeypatch.setattr(sys, "argv", ["arcloop", *map(str, arguments)])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err

    return call


def gold() -> dict[str, Any]:
    return {
        task_id: [{"attempt_1": [[9, 8, 7]], "attempt_2": grid.tolist()} for grid in grids]
        for task_id, grids in ANSWERS.items()
    }


def stored(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_the_right_answers_are_without_fault_and_score_full_marks(arcloop: Call, tmp_path: Path) -> None:
    path = stored(tmp_path / "submission.json", gold())
    assert arcloop("check", path, "--tasks", SOURCE) == (0, [f"{path}: no faults in 400 tasks, 416 test grids"], "")
    code, lines, _ = arcloop("score", path, "--tasks", SOURCE, "--json", tmp_path / "score.json")
    assert code == 0 and len(lines) == 402
    assert lines[0] == f"{TASKS[0].id}  1/1  right"
    assert lines[-2:] == [
        "solved@2  100.00 % (99.1–100.0)  416 of 416 test grids",
        "per task  100.00 % (99.1–100.0)  400 of 400 tasks whole",
    ]
    score = json.loads((tmp_path / "score.json").read_text())
    assert score["solved_at_2"] == 1 and score["hits"] == {t: [True] * len(g) for t, g in ANSWERS.items()}


def test_of_chosen_tasks_the_others_are_no_fault(arcloop: Call, tmp_path: Path) -> None:
    path = stored(tmp_path / "submission.json", gold())
    code, lines, _ = arcloop("score", path, "--tasks", SOURCE, "--task-ids", TASKS[3].id)
    assert code == 0 and not any("faults" in line for line in lines)
    path = stored(path, {name: entries for name, entries in gold().items() if name != TASKS[3].id})
    code, lines, _ = arcloop("score", path, "--tasks", SOURCE, "--task-ids", TASKS[3].id)
    assert any(f"no entry for {TASKS[3].id}" in line for line in lines)


def test_grids_and_tasks_are_counted_apart(arcloop: Call, tmp_path: Path) -> None:
    content = {TWO: gold()[TWO]}
    content[TWO][1]["attempt_2"] = [[9, 8, 7]]
    path = stored(tmp_path / "half.json", content)
    others = [task.id for task in TASKS if len(task.test_inputs) == 1][:1]
    code, lines, _ = arcloop("score", path, "--tasks", SOURCE, "--task-ids", TWO, *others)
    assert code == 0
    assert lines[:2] == [f"{TWO}  1/2  right -", f"{others[0]}  0/1  -"]
    assert lines[2].startswith("solved@2  33.33 % (") and lines[2].endswith("1 of 3 test grids")
    assert lines[3].startswith("per task  25.00 % (") and lines[3].endswith("0 of 2 tasks whole")
    assert lines[4:] == [
        "faults    1, counted as wrong: arcloop check names them; the first is",
        f"{path}: no entry for {others[0]}; expected every task — rebuild it",
    ]
    # Made for one task, scored on that one.
    assert arcloop("score", path, "--tasks", SOURCE, "--named")[1][-1].endswith("0 of 1 tasks whole")


SPOILED: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda c: c.pop(TWO), "no entry for {}; expected every task"),
    (lambda c: c[TWO].pop(), "task {} has not 2 entries; expected one per test input"),
    (lambda c: c.update({TWO: {"0": c[TWO][0]}}), "task {} has not 2 entries"),
    (lambda c: c[TWO][1].pop("attempt_1"), "task {}, test input 1: no attempt_1; expected a grid"),
    (lambda c: c[TWO].__setitem__(0, [[1]]), "task {}, test input 0: no attempt_1; expected a grid"),
    (lambda c: c[TWO][0].update(attempt_2=[]), "task {}, test input 0: attempt_2 is []; expected a list of rows"),
    (lambda c: c[TWO][0].update(attempt_2=[[1], [1, 2]]), "attempt_2 has rows of [1, 2] cells; expected one length"),
    (lambda c: c[TWO][0].update(attempt_1=[[0] * 31]), "attempt_1 is 1×31; ARC grids are at most 30×30"),
    (lambda c: c[TWO][0].update(attempt_1=[[0]] * 31), "attempt_1 is 31×1; ARC grids are at most 30×30"),
    (lambda c: c[TWO][0].update(attempt_1=[[]]), "attempt_1 is 1×0; ARC grids are at most 30×30"),
    (lambda c: c[TWO][0].update(attempt_1=[[10]]), "attempt_1 has a cell '10'; expected integers 0–9"),
    (lambda c: c[TWO][0].update(attempt_1=[[True]]), "attempt_1 has a cell 'True'; expected integers 0–9"),
    (lambda c: c.update({"no\nbody": []}), "entries for no\\nbody; expected ids of the task set alone"),
]


@pytest.mark.parametrize(("spoil", "says"), SPOILED, ids=[says[:40] for _, says in SPOILED])
def test_a_fault_is_one_line_and_is_scored_as_wrong(spoil: Callable[[dict[str, Any]], object], says: str) -> None:
    content = gold()
    spoil(content)
    fault, *more = submission_faults(content, TASKS, {}, "s.json")
    assert more == [] or "attempt_2" in more[0]  # an entry that is none lacks both attempts
    assert fault.startswith("s.json: ") and says.format(TWO) in fault and " — " in fault and "\n" not in fault
    assert 0.99 < score_submission(content, TASKS, ANSWERS).solved_at_2 <= 1


def test_faults_are_printed_and_end_with_exit_code_1(arcloop: Call, tmp_path: Path) -> None:
    content = gold()
    del content[TWO]
    path = stored(tmp_path / "spoiled.json", content)
    assert arcloop("check", path, "--tasks", SOURCE) == (
        1,
        [
            f"{path}: no entry for {TWO}; expected every task — rebuild it",
            f"{path}: 1 fault in 400 tasks, 416 test grids",
        ],
        "",
    )


def test_all_faults_are_named_at_once() -> None:
    content = gold()
    for task in TASKS[:5]:
        del content[task.id]
    content[TWO] = [{"attempt_1": 7}, {}]
    assert len(submission_faults(content, TASKS, {}, "s")) == 9
    assert len(submission_faults([], TASKS, {}, "s")) == 1


def test_a_challenges_file_asks_for_all_of_its_tasks(arcloop: Call, tmp_path: Path) -> None:
    pair = {"input": [[1]], "output": [[2]]}
    huge = {"train": [{"input": [[0] * 31], "output": [[1]]}], "test": [{"input": [[1]]}]}
    tasks = stored(tmp_path / "x_challenges.json", {"a": {"train": [pair], "test": [{"input": [[1]]}]}, "huge": huge})
    stored(tmp_path / "x_solutions.json", {"a": [[[2]]]})
    path = stored(tmp_path / "s.json", {"a": [{"attempt_1": [[2]], "attempt_2": [[3]]}]})
    code, lines, _ = arcloop("check", path, "--tasks", tasks)
    assert code == 1 and "no entry for huge" in lines[1] and lines[-1].endswith("1 fault in 2 tasks, 2 test grids")
    code, lines, _ = arcloop("score", path, "--tasks", tasks)
    assert code == 0 and any(line.startswith("solved@2  100.00 %") for line in lines)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "not JSON"),
        (b'{"a": [], "a": []}', "stands twice"),
        (b"\xff\x00\xff", "not UTF-8"),
        (b"[" * 100_000, "JSON of too many levels"),
        (b'{"a": ' + b"9" * 9000 + b"}", "a number of thousands of digits"),
    ],
)
def test_what_is_no_json_is_one_line(content: bytes, says: str, arcloop: Call, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    for command in ("check", "score"):
        code, _, error = arcloop(command, path, "--tasks", SOURCE)
        assert code == 2 and says in error and len(error.splitlines()) == 1


def test_what_does_not_fit_together_is_one_line(arcloop: Call, tmp_path: Path) -> None:
    path = stored(tmp_path / "s.json", gold())
    wrong = [
        (("check", path), "expected --tasks beside a submission"),
        (("check", tmp_path, "--tasks", SOURCE), "which is no file"),
        (("check", tmp_path / "nowhere"), "no such folder"),
        (("score", tmp_path / "nowhere", "--tasks", SOURCE), "No such file"),
    ]
    for arguments, says in wrong:
        code, _, error = arcloop(*arguments)
        assert code == 2 and says in error and len(error.splitlines()) == 1
    lone = stored(tmp_path / "t.json", {"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[1]]}]})
    code, _, error = arcloop("score", path, "--tasks", lone)
    assert code == 2 and "the answers of none of 1 tasks are known" in error


def test_a_run_s_own_submission_scores_as_its_table_says() -> None:
    content = json.loads(submission_json(vote([], FLIP)))
    answers = {FLIP.id: tuple(np.flip(grid, 1) for grid in FLIP.test_inputs)}
    assert score_submission(content, [FLIP], answers).hits == {FLIP.id: [False, False]}
    assert submission_faults(content, [FLIP], {}, "s") == []
