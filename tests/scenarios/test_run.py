"""The command line on the embedded model, real tasks, the real sandbox and the real trainer."""

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from safetensors.torch import load_file

from arcloop.progress import Progress
from arcloop.runs.rundir import RunDir
from arcloop.submission.kaggle import validate
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import load_answers, load_tasks

ARCLOOP = [sys.executable, "-m", "arcloop.cli"]
SETTINGS = ["--rounds", "2", "--programs", "8", "--seed", "3", "--sampling.max-tokens", "96"]


def arcloop(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ARCLOOP, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small real tasks as ARC JSON files, their answers included."""
    path = tmp_path_factory.mktemp("tasks")
    ids = ("67a3c6ac", "25ff71a9", "3c9b0459")
    answers = load_answers("arc1-train")
    for task in load_tasks("arc1-train", None, ids):
        raw = task_to_json(task)
        for pair, answer in zip(raw["test"], answers[task.id], strict=True):
            pair["output"] = answer.tolist()
        (path / f"{task.id}.json").write_text(json.dumps(raw))
    return path


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDir, str]:
    """A finished run, and what it printed."""
    out = tmp_path_factory.mktemp("runs") / "run"
    done = arcloop("run", "--tasks", folder, *SETTINGS, "--out", out)
    assert done.returncode == 0, done.stderr
    return RunDir.open(out), done.stdout


def outcome(run: RunDir) -> dict[str, bytes]:
    """What must not depend on answers or interruptions."""
    names = ("prompts.parquet", "completions.parquet", "programs.parquet", "scores.parquet", "examples.parquet")
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.name in (*names, "submission.json", "adapter_model.safetensors", "adapter_config.json")
    }


def test_a_run_ends_with_submission_table_and_report(run: tuple[RunDir, str]) -> None:
    directory, printed = run
    tasks = directory.tasks()
    validate(directory.read("submission.json"), tasks)
    for name in ("train pass@n", "pass@n", "solved@2", "unique outputs", "pixel similarity", "round 2"):
        assert name in printed
    html = (directory.path / "report.html").read_text()
    assert all(task.id in html for task in tasks) and "train pass@n" in html
    assert directory.numbers().run.programs == 3 * 2 * 8


def test_the_second_round_learned_from_relabeled_programs(run: tuple[RunDir, str]) -> None:
    directory, _ = run
    numbers = directory.group(0, 0).numbers().learning
    assert numbers.trained_rows == len(directory.group(0, 0).examples()) + numbers.anchors
    assert numbers.examples > 0 and numbers.anchors > 0
    assert numbers.steps > 0 and numbers.adapter_change > 0
    weights = load_file(directory.group(0, 0).adapter / "adapter_model.safetensors")
    assert any(tensor.abs().max() > 0 for name, tensor in weights.items() if "lora_B" in name)


def test_answers_never_reach_the_loop(run: tuple[RunDir, str], folder: Path, tmp_path: Path) -> None:
    directory, _ = run
    garbage = tmp_path / "garbage"
    garbage.mkdir()
    for path in folder.iterdir():
        raw = json.loads(path.read_text())
        for pair in raw["test"]:
            pair["output"] = [[9, 9, 9, 9]]
        (garbage / path.name).write_text(json.dumps(raw))
    done = arcloop("run", "--tasks", garbage, *SETTINGS, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert outcome(RunDir.open(tmp_path / "run")) == outcome(directory)


def test_a_killed_run_resumes_to_the_same_end(run: tuple[RunDir, str], folder: Path, tmp_path: Path) -> None:
    directory, _ = run
    out = tmp_path / "run"
    process = subprocess.Popen([*ARCLOOP, "run", "--tasks", str(folder), *SETTINGS, "--out", str(out)])
    # In the middle of the second round, after an adapter was saved.
    while process.poll() is None and not (out / "round_001" / "group_000").exists():
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not RunDir.open(out).group(1, 0).done
    done = arcloop("resume", out)
    assert done.returncode == 0, done.stderr
    assert outcome(RunDir.open(out)) == outcome(directory)


@pytest.mark.parametrize("moment", ["round_000/group_000", "round_000/group_001/DONE"])
def test_sigterm_leaves_a_valid_submission_of_what_is_done(folder: Path, tmp_path: Path, moment: str) -> None:
    out = tmp_path / "run"
    command = [*ARCLOOP, "run", "--tasks", str(folder), *SETTINGS, "--group-size", "1", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while process.poll() is None and not (out / moment).exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate()
    assert process.returncode == 130
    assert f"arcloop resume {out}" in printed
    directory = RunDir.open(out)
    validate(directory.read("submission.json"), directory.tasks())
    assert (out / "report.html").exists()


def test_a_replay_loads_no_model_and_finds_the_same(run: tuple[RunDir, str], tmp_path: Path) -> None:
    directory, _ = run
    out = tmp_path / "again"
    heavy = "[m for m in ('torch', 'transformers', 'peft') if m in sys.modules]"
    probe = f"import sys; from arcloop.cli import main; print(main(), {heavy})"
    arguments = ["run", "--model", "replay", "--from", str(directory.path), "--out", str(out)]
    done = subprocess.run([sys.executable, "-c", probe, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("0 []\n") and "skipped" not in done.stdout
    searched = {name: content for name, content in outcome(directory).items() if "adapter" not in name}
    again = outcome(RunDir.open(out))
    assert again == {name: content for name, content in searched.items() if "examples" not in name}
    for r in range(2):
        before, after = directory.group(r, 0).candidates(), RunDir.open(out).group(r, 0).candidates()
        for one, other in zip(before, after, strict=True):
            assert (one.execution.status, one.execution.error) == (other.execution.status, other.execution.error)
            pairs = zip(one.execution.outputs, other.execution.outputs, strict=True)
            assert all(a is b or np.array_equal(a, b) for a, b in pairs)


def test_the_same_command_on_a_finished_run_only_prints(run: tuple[RunDir, str], folder: Path) -> None:
    directory, _ = run
    before = outcome(directory)
    done = arcloop("run", "--tasks", folder, *SETTINGS, "--out", directory.path)
    assert done.returncode == 0 and "solved@2" in done.stdout
    assert outcome(directory) == before
    (directory.path / "report.html").unlink()
    (directory.path / "submission.json").unlink()
    assert arcloop("evaluate", directory.path).returncode == 0
    assert outcome(directory) == before


def test_errors_are_one_line_with_exit_code_2(run: tuple[RunDir, str], tmp_path: Path) -> None:
    directory, _ = run
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "task.json").write_text('{"train": 3}')
    cases = [
        (["run", "--tasks", "arc3", "--out", tmp_path / "o"], "arc1-train"),
        (["run", "--tasks", tmp_path / "bad", "--out", tmp_path / "o"], "task.json"),
        (["run", "--tasks", "arc1-train", "--model", tmp_path / "none", "--out", tmp_path / "o"], "no such folder"),
        (["run", "--tasks", "arc1-train", "--limit", 1, "--out", directory.path], "pass another --out"),
        (["run", "--tasks", "arc1-train", "--rounds", 0, "--out", tmp_path / "o"], "expected 1 or more"),
        (["resume", tmp_path / "o"], "no such folder"),
        (["evaluate", tmp_path / "bad"], "no config.json"),
        (["run", "--tasks", "arc1-train", "--limit", 1, "--out", directory.path / "config.json" / "x"], "pass another"),
        (["pretrain", "--out", directory.path / "config.json"], "pass another"),
        (["pretrain", "--config", "slow", "--out", tmp_path / "o"], "expected cpu-2h, gpu-10min or a JSON file"),
        (["dance"], "expected run, search, resume"),
    ]
    for arguments, words in cases:
        done = arcloop(*arguments)
        assert done.returncode == 2, (arguments, done)
        (line,) = done.stderr.splitlines()
        assert words in line
    assert not (tmp_path / "o").exists()


def test_pretraining_makes_a_model_that_a_run_can_use(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    small = ["--width", "32", "--layers", "1", "--heads", "2", "--inner", "64", "--held-out", "4", "--pack", "1024"]
    small += ["--held-out-tasks", "3", "--data-workers", "1", "--drawing", "0.5", "--refinement", "0"]
    done = arcloop("pretrain", "--minutes", "0.05", "--processes", "2", *small, "--out", model)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (model / "pretraining" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["steps"] > 0 and lines[-1]["held_out_loss"] > 0
    assert 0 <= lines[-1]["programs_solved"] <= 1 and 0 <= lines[-1]["drawings_solved"] <= 1
    again = arcloop("pretrain", "--minutes", "7", "--out", model)
    assert again.returncode == 2 and "other settings" in again.stderr
    done = arcloop(
        "run", "--tasks", folder, "--limit", 1, "--model", model, "--rounds", 1, "--programs", 4,
        "--sampling.max-tokens", 8, "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for terminal in (True, False):
        console = Console(force_terminal=terminal, record=True, width=120, file=io.StringIO())
        with Progress(console, 100, "programs") as progress:
            progress.stage("round 1/2 · search")
            progress.advance(10)
            assert console.export_text(clear=False) == ""  # quick work stays quiet
            now[0] += 20
            progress.fact("solved", "2 tasks")
            progress.advance(10)
        text = console.export_text()
        assert "20/100 programs · solved 2 tasks · 1.0 programs/s · 1:20 left" in text
        assert ("━" in text) == terminal


def test_what_was_done_before_does_not_make_the_rest_look_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = Console(record=True, width=120, file=io.StringIO())
    with Progress(console, 100, "seconds") as progress:
        progress.stage("pretraining")
        progress.reach(60, found=True)
        now[0] += 20
        progress.reach(80)
    assert "80/100 seconds · 1.0 seconds/s · 0:20 left" in console.export_text()


def test_progress_without_a_total_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = Console(record=True, width=120, file=io.StringIO())
    with Progress(console, 0, "examples") as progress:
        progress.stage("tokenising")
        now[0] += 20
        progress.advance(640)
    assert console.export_text().splitlines()[0] == "tokenising: 640 examples · 32.0 examples/s"
