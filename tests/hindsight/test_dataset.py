"""A run's programs as a training set on disk: complete, readable, or not there at all."""

import dataclasses
import json
import os
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from arcloop.cli import main
from arcloop.config import Config, RelabelConfig, SelectionConfig
from arcloop.errors import RunError
from arcloop.hindsight.dataset import NAMES, SCHEMA, make_dataset
from arcloop.hindsight.filters import Drop
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Pair, Task
from arcloop.runs.rundir import RunDir
from arcloop.training.examples import read_set
from tests.arc_grids import FLIP, grid
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

TURN = Task("turn", (Pair(grid("12", "30"), grid("03", "21")), Pair(grid("45"), grid("54"))), (grid("67", "80"),))
TASKS = [FLIP, TURN, dataclasses.replace(TURN, id="again")]
CONFIG = Config("fakes", rounds=3, programs=20, group_size=2, seed=4, selection=SelectionConfig(k=3))
WORDS = FakeSampler().format
ALL, AS_IS = SelectionConfig(policy="all"), RelabelConfig()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """A finished run on fakes."""
    made = RunDir.create(tmp_path_factory.mktemp("runs") / "run", CONFIG, TASKS, MANIFEST)
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(made, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    return made


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_three_forms_hold_the_same_rows(run: RunDir, tmp_path: Path) -> None:
    made = make_dataset(run, tmp_path / "set", ALL, AS_IS, WORDS)
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == sorted(NAMES)
    table = pq.read_table(tmp_path / "set" / "examples.parquet")
    assert table.schema.equals(SCHEMA)
    rows = table.to_pylist()
    assert len(rows) == made.rows.total() >= 6
    assert made.programs == sum(len(g.candidates()) for i in range(2) for _, g in run.done_groups(i))
    assert made.programs == len(rows) + made.dropped.total()
    pairs, chats = lines(tmp_path / "set" / "prompt_completion.jsonl"), lines(tmp_path / "set" / "messages.jsonl")
    for row, pair, chat in zip(rows, pairs, chats, strict=True):
        assert pair == {"prompt": row["prompt"], "completion": row["completion"]}
        (user, assistant) = chat["messages"]  # type: ignore[misc]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert user["content"] + "\n" + assistant["content"] == row["prompt"] + row["completion"]
        assert row["id"].startswith(f"r{row['round']}/{row['task_id']}/")
        assert 0 <= row["correct_share"] <= 1 and row["weight"] == 1
    assert {row["round"] for row in rows} <= {0, 1, 2}


def test_arcloop_itself_reads_what_it_wrote(run: RunDir, tmp_path: Path) -> None:
    make_dataset(run, tmp_path, ALL, AS_IS, WORDS)
    whole = list(read_set(tmp_path, WORDS.chat, "<end>"))
    assert len(whole) == pq.read_table(tmp_path / "examples.parquet").num_rows
    for name in ("prompt_completion.jsonl", "messages.jsonl"):
        read = list(read_set(tmp_path / name, WORDS.chat, "<end>"))
        assert [e.prompt + e.completion for e in read] == [e.prompt + e.completion for e in whole]


def test_a_set_of_the_first_round_is_what_the_loop_learned_from(run: RunDir, tmp_path: Path) -> None:
    make_dataset(
        run, tmp_path, CONFIG.selection, CONFIG.relabel, WORDS, rounds=1, executor=FakeExecutor(), confirm=True
    )
    rows = pq.read_table(tmp_path / "examples.parquet").to_pylist()
    stored = [dataclasses.asdict(e) for i in range(2) for e in run.group(0, i).examples()]
    assert stored and [{name: row[name] for name in stored[0]} for row in rows] == stored


def test_the_card_says_what_was_dropped_for_what(run: RunDir, tmp_path: Path) -> None:
    made = make_dataset(run, tmp_path, ALL, AS_IS, WORDS)
    card = (tmp_path / "README.md").read_text()
    assert card.startswith("---\nconfigs:\n- config_name: default\n  data_files: examples.parquet\n---\n")
    for drop in Drop:
        assert f"| {drop} | {made.dropped[drop]} |" in card
    assert made.dropped[Drop.FAILED] > 0 and made.dropped[Drop.REPEATED] > 0
    assert f"| tasks with rows | {len(made.rows)} of 3 |" in card
    settings = json.loads(card.split("```json\n")[1].split("```")[0])
    assert settings["selection"]["policy"] == "all" and settings["run"]["seed"] == 4


def test_an_interrupted_set_leaves_nothing_behind(run: RunDir, tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_dataset(run, tmp_path / "set", ALL, AS_IS, WORDS, on_task=stop)
    assert list((tmp_path / "set").iterdir()) == []
    make_dataset(run, tmp_path / "set", ALL, AS_IS, WORDS)


@pytest.mark.parametrize("last", range(1, 9))
def test_a_set_interrupted_while_it_gets_its_names_is_not_there(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    real, calls = os.fsync, 0

    def fsync(file: int) -> None:
        nonlocal calls
        calls += 1
        if calls == last:
            raise KeyboardInterrupt
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        make_dataset(run, tmp_path / "set", ALL, AS_IS, WORDS)
    assert list((tmp_path / "set").iterdir()) == []


def test_an_unfinished_run_gives_what_is_done(run: RunDir, tmp_path: Path) -> None:
    part = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    with pytest.raises(RunError, match="expected a searched round"):
        make_dataset(part, tmp_path / "set", ALL, AS_IS, WORDS)
    (part.path / "round_000").mkdir()
    (part.path / "round_000" / "group_000").symlink_to(run.group(0, 0).path)
    made = make_dataset(part, tmp_path / "set", ALL, AS_IS, WORDS)
    assert set(made.rows) == {"flip", "turn"}


def test_a_folder_that_holds_something_is_left_alone(run: RunDir, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    for out in (tmp_path, tmp_path / "mine", tmp_path / "mine" / "deeper"):
        with pytest.raises(RunError, match=r"--out .*pass another"):
            make_dataset(run, out, ALL, AS_IS, WORDS)
    assert (tmp_path / "mine").read_text() == "x"


def arcloop(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["arcloop", "relabel", *map(str, arguments)])
    return main()


def test_the_command_makes_a_set(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    assert arcloop(monkeypatch, run.path, "--select", "greedy-diverse", "--k", 2, "--uses", 2, "--out", out) == 0
    printed = capsys.readouterr().out
    assert "12 rows of" in printed and "repeated" in printed and str(out) in printed
    assert pq.read_table(out / "examples.parquet").num_rows == 12
    assert lines(out / "prompt_completion.jsonl")[0]["prompt"].startswith("<|begin_of_text|>")  # type: ignore[attr-defined]


def test_errors_of_the_command_are_one_line(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, words in (
        ([tmp_path / "none", "--out", tmp_path / "o"], "no such folder"),
        ([run.path, "--out", run.path], "pass another"),
        ([run.path, "--out", tmp_path / "o", "--k", 0], "expected 1 or more"),
        ([run.path, "--out", tmp_path / "o", "--select", "correct-only", "--no-unchanged"], "correct-only"),
    ):
        assert arcloop(monkeypatch, *arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line
    assert not (tmp_path / "o").exists()
