"""``arcloop import``: files as others publish them, through the real sandbox, to votes, scores and a training set."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from arcloop import assembly
from arcloop.assembly import Run, importing
from arcloop.cli import main
from arcloop.errors import RunError
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import load_tasks

Call = Callable[..., tuple[int, str, str]]

MIRROR = (
    "def transform(grid_lst: list[list[int]]) -> list[list[int]]:\n"
    "    out = [row[:] for row in grid_lst]\n"
    "    for y, row in enumerate(out):\n"
    "        for x in range(len(row)):\n"
    "            row[x] = grid_lst[y][len(row) - 1 - x]\n"
    "    return out\n"
)
"""Right for 67a3c6ac, if what it is called with is a list: of an array, ``row[:]`` is the row itself."""

UPSIDE_DOWN = "def transform(grid):\n    return grid[::-1]\n"

TURN = "def transform(grid):\n    return grid[::-1, ::-1]\n"
"""Right for 3c9b0459."""


@pytest.fixture
def arcloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["arcloop", *map(str, arguments)])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The two tasks as files, so that not all the others are read each time."""
    path = tmp_path / "tasks"
    path.mkdir()
    for task in load_tasks("arc1-train", None, ("67a3c6ac", "3c9b0459")):
        (path / f"{task.id}.json").write_text(json.dumps(task_to_json(task)))
    return path


def soar(path: Path, last: str = UPSIDE_DOWN) -> Path:
    """A file with the columns of SOAR's data sets, in which it says of itself that everything is right."""
    told = {"correct_train_input": [True], "correct_test_input": [True], "model": "m"}
    grids = {"predicted_train_output": [[[0]]], "predicted_test_output": [[[0]]]}
    codes = [("67a3c6ac", MIRROR), ("67a3c6ac", UPSIDE_DOWN), ("3c9b0459", last)]
    pq.write_table(pa.Table.from_pylist([{"task_id": task, "code": code} | told | grids for task, code in codes]), path)
    return path


def test_a_file_of_soar_s_is_voted_scored_and_relabeled(arcloop: Call, tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = (
        "import",
        soar(tmp_path / "soar.parquet", "def transform(grid):\n    while True: pass\n"),
        "--tasks",
        "arc1-train",
        "--named",
        "--out",
        out,
    )
    code, printed, error = arcloop(*asked, "--execution.timeout", 0.5)
    assert code == 0 and error == ""
    run = Run(out)
    statuses = {c.program.completion_id: (c.execution.status.value, c.score.perfect) for c in run.candidates()}
    assert statuses == {
        "r0/67a3c6ac/d00000": ("ok", True),
        "r0/67a3c6ac/d00001": ("ok", False),
        "r0/3c9b0459/d00000": ("timeout", False),
    }
    assert [task.id for task in run.tasks] == ["3c9b0459", "67a3c6ac"] and run.finished
    assert run.numbers.run.programs == 3 and run.numbers.run.solved_at_2 == 0.5
    assert check(run.directory).faults == []
    assert (out / "report.html").is_file() and "solved@2" in printed
    # As any submission, and any run.
    code, printed, _ = arcloop("score", out / "submission.json", "--tasks", "arc1-train", "--named")
    assert code == 0 and "67a3c6ac  1/1  right" in printed
    code, printed, _ = arcloop("relabel", out, "--select", "all", "--solved-tasks", "--out", tmp_path / "set")
    assert code == 0 and " rows of 3 programs on 1 tasks" in printed
    rows = pq.read_table(tmp_path / "set" / "examples.parquet").to_pylist()
    assert {row["task_id"] for row in rows} == {"67a3c6ac"} and rows


def test_rounds_counts_and_bounds_are_those_of_the_file(arcloop: Call, tmp_path: Path) -> None:
    rows = [{"task_id": "3c9b0459", "source": TURN, "round": round_} for round_ in (2, 2, 2, 7)]
    rows += [{"task_id": "67a3c6ac", "completion": "no idea", "round": 7}, {"task_id": "nobody", "source": TURN}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, printed, _ = arcloop(
        *("import", path, "--tasks", "arc1-train", "--task-ids", "3c9b0459", "67a3c6ac", "a416b8f3"),
        *("--programs", 2, "--out", tmp_path / "run"),
    )
    assert code == 0
    assert "left out    1 programs of tasks that are not among the 3" in printed
    assert "left out    1 programs, more than 2 of a task in a round" in printed
    assert "without     any program: 1 of 3 tasks" in printed
    numbers = Run(tmp_path / "run").numbers
    assert [row.programs for row in numbers.rounds] == [2, 2]
    assert numbers.tasks["3c9b0459"].programs == 3 and numbers.tasks["67a3c6ac"].programs == 1
    assert sum((row.lost.get("no_code", 0) for row in numbers.health), 0) == 1
    assert json.loads((tmp_path / "run" / "submission.json").read_text()).keys() == {"3c9b0459", "67a3c6ac", "a416b8f3"}


def test_rows_of_barc_s_are_tasks_of_their_own(arcloop: Call, tmp_path: Path) -> None:
    pairs = [[[[1, 2], [3, 4]], [[4, 3], [2, 1]]], [[[5, 0], [0, 0]], [[0, 0], [0, 5]]], [[[7, 8]], [[8, 7]]]]
    good = "from common import *\ndef main(input_grid):\n    return np.rot90(input_grid, 2)\n\ndef generate_input():\n    return 1\n"
    rows = [
        {"source": good, "examples": pairs, "seeds": []},
        {"source": "def main(g):\n    return g\n", "examples": pairs},
    ]
    path = tmp_path / "barc.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *rows]))
    code, _, error = arcloop("import", path, "--limit", 2, "--out", tmp_path / "run")
    assert (code, error) == (0, "")
    run = Run(tmp_path / "run")
    assert {name: outcome.perfect for name, outcome in run.numbers.tasks.items()} == {"row-000001": 1, "row-000002": 0}
    code, printed, _ = arcloop("score", run.path / "submission.json", "--tasks", run.path / "challenges.json")
    assert code == 0 and "row-000001  1/1  right" in printed
    code, _, error = arcloop("import", path, "--tasks", "arc1-train", "--out", tmp_path / "other")
    assert code == 2 and "bring their own tasks" in error


def bytes_of(path: Path) -> dict[str, bytes]:
    names = ("prompts.parquet", "completions.parquet", "programs.parquet", "scores.parquet", "submission.json")
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.name in names}


def test_an_interrupted_import_goes_on_and_another_file_is_refused(
    arcloop: Call, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_TOGETHER", 2)  # a group for each task
    file, out = soar(tmp_path / "soar.parquet"), tmp_path / "run"
    asked = ("import", file, "--tasks", folder, "--execution.timeout", 0.5)
    assert arcloop(*asked, "--out", out)[0] == 0
    whole = bytes_of(out)
    assert "round_000/group_001/programs.parquet" in whole
    cut = tmp_path / "cut"
    shutil.copytree(out, cut)
    shutil.rmtree(cut / "round_000" / "group_001")
    assert not RunDir.open(cut).finished
    again = tmp_path / "again"
    shutil.copytree(cut, again)
    assert arcloop("resume", cut)[0] == 0
    assert arcloop(*asked, "--out", again)[0] == 0
    assert bytes_of(cut) == bytes_of(again) == whole
    # Of a finished one nothing is done again.
    assert arcloop(*asked, "--out", again)[0] == 0 and bytes_of(again) == whole
    shutil.rmtree(cut / "round_000" / "group_001")
    pq.write_table(pa.Table.from_pylist([{"task_id": "67a3c6ac", "code": MIRROR}] * 2), file)
    code, _, error = arcloop("resume", cut)
    assert code == 2 and "has changed since the run began" in error
    code, _, error = arcloop(*asked, "--out", again)
    assert code == 2 and "a run with" in error


def test_what_cannot_be_imported_is_one_line(arcloop: Call, tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "run"
    path.write_text(json.dumps({"task_id": "nobody\n", "source": TURN}) + "\n")
    wrong = [
        (("--tasks", "arc1-train"), "programs for nobody\\\\n, none of which is among the 400 tasks of arc1-train"),
        ((), "its rows name tasks and hold none; expected --tasks"),
        (("--tasks", "arc1-train", "--programs", 0), "programs is 0; expected 1 to 100,000"),
        (("--tasks", "arc1-train", "--columns", "x=y"), "expected FIELD=COLUMN"),
    ]
    for arguments, says in wrong:
        code, _, error = arcloop("import", path, *arguments, "--out", out)
        assert code == 2 and len(error.splitlines()) == 1, error
        assert says in error or says.replace("\\\\", "\\") in error
    assert not out.exists()


def test_an_import_is_not_replayed(tmp_path: Path) -> None:
    given = assembly.Import(soar(tmp_path / "soar.parquet"), "arc1-train", named=True)
    run = assembly.begin_import(given, tmp_path / "run", Console(quiet=True))
    with pytest.raises(RunError, match="import the file again"):
        assembly.begin(assembly.replayed(run.path), tmp_path / "again")


def test_limit_and_ids_are_those_of_the_file(arcloop: Call, tmp_path: Path) -> None:
    path, out = soar(tmp_path / "soar.parquet"), tmp_path / "run"
    barc = tmp_path / "barc.jsonl"
    examples = [[[[k]], [[k + 1]]] for k in range(4)]
    rows = [{"source": UPSIDE_DOWN, "examples": examples, "seeds": [f"s{k}"]} for k in range(5)]
    barc.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for given, says in (
        (("import", path, "--tasks", "arc1-train", "--limit", 1), "is among the first 1 tasks of arc1-train"),
        (("import", path, "--tasks", "arc1-train", "--limit", 0), "limit is 0; expected 1 or more"),
        (("import", barc, "--limit", -1), "limit is -1; expected 1 or more"),
        (("import", barc, "--task-ids", "nonexistent"), "--task-ids nonexistent: no task of"),
    ):
        code, _, error = arcloop(*given, "--out", out)
        assert code == 2 and says in error and error.count("\n") == 1
    assert arcloop("import", barc, "--out", out)[0] == 0
    names = [task.id for task in RunDir.open(out).tasks()]
    assert len(names) == 5
    for chosen in ([names[4]], [names[3], names[1]]):
        other = tmp_path / chosen[0]
        assert arcloop("import", barc, "--task-ids", *chosen, "--limit", 2, "--out", other)[0] == 0
        assert [task.id for task in RunDir.open(other).tasks()] == chosen
