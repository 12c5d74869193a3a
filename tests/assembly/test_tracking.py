"""Metrics for experiment trackers: what a tracker has on the disk is what the run's own files say."""

import json
import math
import os
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from arcloop.assembly import RunTracking, open_tracker
from arcloop.assembly.tracking import Tracker
from arcloop.config import Config, SelectionConfig, StoppingConfig
from arcloop.errors import ConfigError
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.rundir import RunDir
from arcloop.tasks.arcjson import task_to_json
from tests.arc_grids import FLIP
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

TASKS = [FLIP, Task("again", FLIP.train, FLIP.test_inputs)]


class Heard:
    """Stands in for accelerate's tracker for TensorBoard, and for its writer, and keeps what it is told."""

    name = "tensorboard"

    def __init__(self) -> None:
        self.lines: list[tuple[int, dict[str, Any]]] = []
        self.texts: dict[str, str] = {}
        self.tracker = self

    def add_text(self, name: str, text: str, step: int) -> None:
        self.texts[name] = text

    def log(self, values: dict[str, Any], step: int) -> None:
        assert None not in values.values()
        self.lines.append((step, values))

    def finish(self) -> None:
        pass


def started(path: Path) -> RunDir:
    config = Config(
        "fakes",
        model="grammar",
        sampler="grammar",
        rounds=2,
        programs=10,
        group_size=1,
        seed=4,
        selection=SelectionConfig(k=3),
        stopping=StoppingConfig(perfect=0),
    )
    return RunDir.create(path, config, TASKS, MANIFEST)


def go_on(run: RunDir, heard: Heard) -> None:
    tracking = RunTracking(run, Tracker(heard))  # type: ignore[arg-type]
    with Progress(Console(quiet=True), 100, "programs") as progress:
        loop = Loop(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress, on_place=tracking.catch_up)
        loop.search_and_learn()
    tracking.conclude(conclude(run, {}))


def test_every_group_and_round_is_told_once_in_order(tmp_path: Path) -> None:
    run, heard = started(tmp_path / "run"), Heard()
    go_on(run, heard)
    kinds = [(step, {name.partition("/")[0] for name in values}) for step, values in heard.lines]
    round_ = {"round"}
    assert kinds == [
        (1, {"group"}),
        (2, {"group"}),
        (2, round_),
        (3, {"group"}),
        (4, {"group"}),
        (4, round_),
        (4, {"run"}),
    ]
    first = run.group(0, 0).numbers()
    told = heard.lines[0][1]
    assert told["group/completions"] == first.search.completions == 10
    assert first.learning is not None and told["group/loss"] == first.learning.losses[-1]
    assert heard.lines[2][1]["round/number"] == 1 and heard.lines[5][1]["round/completions"] == 20
    assert all(math.isfinite(value) for _, values in heard.lines for value in values.values())


def test_what_was_done_before_is_not_told_again(tmp_path: Path) -> None:
    run = started(tmp_path / "run")
    go_on(run, Heard())
    (run.group(1, 1).path / "DONE").unlink()
    again = Heard()
    go_on(run, again)
    assert [step for step, values in again.lines if "group/programs" in values] == [4]
    assert [step for step, values in again.lines if "round/number" in values] == [4]


def test_tracking_changes_no_byte_of_a_run(tmp_path: Path) -> None:
    kept = []
    for name in ("told", "silent"):
        run = started(tmp_path / name)
        with Progress(Console(quiet=True), 100, "programs") as progress:
            tracking = RunTracking(run, Tracker(Heard()))  # type: ignore[arg-type]
            on_place = {"on_place": tracking.catch_up} if name == "told" else {}
            Loop(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress, **on_place).search_and_learn()
        kept.append({str(p.relative_to(run.path)): p.read_bytes() for p in run.path.rglob("*.parquet")})
    assert kept[0] == kept[1]


def test_the_end_tells_of_every_round_and_task(tmp_path: Path) -> None:
    run, heard = started(tmp_path / "run"), Heard()
    go_on(run, heard)
    assert [len(text.splitlines()) for text in heard.texts.values()] == [2 + 2, 2 + len(TASKS)]
    header, _, *rows = ([c.strip() for c in line.split("|")[1:-1]] for line in heard.texts["run/tasks"].splitlines())
    told = dict(zip(header, rows[0], strict=True))
    first = run.numbers().tasks[FLIP.id]
    assert told["task"] == FLIP.id and told["programs"] == str(first.programs)
    assert told["train_perfect"] == str(first.train_perfect) and told["perfect"] == ""


@pytest.mark.skipif(find_spec("wandb") is not None, reason="wandb is installed")
def test_a_tracker_that_is_not_installed_is_named(tmp_path: Path) -> None:
    assert open_tracker("none", tmp_path) is None
    with pytest.raises(ConfigError, match="report-to is wandb, which is not installed"):
        open_tracker("wandb", tmp_path)


EVENTS = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
numbers = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
tables = {tag: [e.tensor_proto.string_val[0].decode() for e in events.Tensors(tag)] for tag in events.Tags()["tensors"]}
print(json.dumps([numbers, {tag: len(table.splitlines()) - 2 for tag, (table,) in tables.items()}]))
"""


def tracked(name: str, out: Path, *arguments: object, **environment: str) -> RunDir:
    """A run of random programs that a tracker is told of."""
    tasks = out.parent / "tasks"
    tasks.mkdir()
    for task in TASKS:
        (tasks / f"{task.id}.json").write_text(json.dumps(task_to_json(task)))
    common = ["--tasks", tasks, "--rounds", "2", "--group-size", "1", "--report-to", name, "--out", out, *arguments]
    command = [sys.executable, "-m", "arcloop.cli", "run", *map(str, common)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return RunDir.open(out)


def test_tensorboard_s_files_hold_the_run_s_numbers_and_tables(tmp_path: Path) -> None:
    run = tracked("tensorboard", tmp_path / "run", "--model", "grammar", "--programs", "8")
    (folder,) = {path.parent for path in run.path.rglob("events.out.tfevents.*")}
    read = subprocess.run([sys.executable, "-c", EVENTS, folder], capture_output=True, text=True, check=True)
    events, texts = json.loads(read.stdout)
    places = list(run.places())
    assert [step for step, _ in events["group/completions"]] == [1, 2, 3, 4]
    assert [value for _, value in events["group/tokens"]] == [p.group.numbers().search.tokens for p in places]
    assert [value for _, value in events["group/programs"]] == [p.group.numbers().search.programs for p in places]
    assert events["round/number"] == [[2, 1], [4, 2]]
    assert events["run/train_pass_at_n"] == [[4, pytest.approx(run.numbers().run.train_pass_at_n)]]
    assert texts == {"run/rounds/text_summary": 2, "run/tasks/text_summary": len(TASKS)}


LEARN = ("--programs", "4", "--sampling.max-tokens", "48", "--training.epochs", "1", "--selection.k", "1")
"""Of the embedded model, so that there are adapters."""


@pytest.mark.skipif(find_spec("trackio") is None, reason="trackio is an extra")
def test_trackio_keeps_tables_and_adapters(tmp_path: Path) -> None:
    run = tracked("trackio", tmp_path / "run", *LEARN, TRACKIO_DIR=str(tmp_path / "trackio"))
    (database,) = (tmp_path / "trackio").glob("arcloop*.db")
    with sqlite3.connect(database) as opened:
        logged = [json.loads(metrics) for (metrics,) in opened.execute("select metrics from metrics")]
    (tasks,) = (row["run/tasks"] for row in logged if "run/tasks" in row)
    assert [row["task"] for row in tasks["_value"]] == [task.id for task in run.tasks()]
    kept = {path.read_bytes() for path in (tmp_path / "trackio").rglob("*") if path.is_file()}
    assert {(group.adapter / "adapter_model.safetensors").read_bytes() for group in learned(run)} <= kept


@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is no dependency")
def test_wandb_keeps_tables_and_adapters_offline(tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR")}
    run = tracked("wandb", tmp_path / "run", *LEARN, **places)
    files = [path for path in tmp_path.glob("WANDB*/**/*") if path.is_file()]
    (table,) = (json.loads(path.read_text()) for path in files if path.match("run/tasks_*.table.json"))
    assert [row[0] for row in table["data"]] == [task.id for task in run.tasks()]
    kept = {path.read_bytes() for path in files}
    assert {(group.adapter / "adapter_model.safetensors").read_bytes() for group in learned(run)} <= kept


def learned(run: RunDir) -> list[GroupDir]:
    """The groups of the first of two rounds, with an adapter each."""
    groups = [place.group for place in run.places() if not place.last]
    assert len(groups) == len(TASKS) and all(group.adapter.is_dir() for group in groups)
    return groups
