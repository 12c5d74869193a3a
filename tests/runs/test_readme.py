"""Runs and training sets as Hugging Face's own library opens them: ``load_dataset`` with the folder, and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, disable_progress_bars, get_dataset_config_names, load_dataset
from rich.console import Console

from arcloop.config import Config, PromptConfig, RefineConfig, RelabelConfig, SelectionConfig, StoppingConfig
from arcloop.hindsight.dataset import make_dataset
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Task
from arcloop.runs.readme import write_readme
from arcloop.runs.rundir import RunDir
from tests.arc_grids import FLIP
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

TASKS = [FLIP, Task("again", FLIP.train, FLIP.test_inputs)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """Two rounds of two groups; prompts of the second show a parent, so that one column is in half of the files."""
    disable_progress_bars()
    config = Config(
        "fakes",
        model="grammar",
        sampler="grammar",
        rounds=2,
        programs=10,
        group_size=1,
        seed=4,
        prompt=PromptConfig("plain"),
        refine=RefineConfig(1.0),
        selection=SelectionConfig(k=3),
        stopping=StoppingConfig(perfect=0),
    )
    run = RunDir.create(tmp_path_factory.mktemp("runs") / "run", config, TASKS, MANIFEST)
    sampler = FakeSampler()
    sampler.format = type(sampler.format)("plain", sampler.format.chat)
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, sampler, FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    write_readme(run)
    return run


def opened(path: Path, cache: Path, name: str | None = None) -> Dataset:
    return load_dataset(str(path), name, split="train", cache_dir=str(cache))


def test_every_table_of_a_run_opens_with_all_of_its_rows(run: RunDir, tmp_path: Path) -> None:
    names = get_dataset_config_names(str(run.path))
    assert names == ["programs", "prompts", "completions", "executions", "scores", "examples"]
    groups = [place.group for place in run.places()]
    stored: dict[str, list[Any]] = {
        "prompts": [p.id for g in groups for p in g.prompts()],
        "completions": [c.id for g in groups for c in g.completions()],
        "programs": [c.program.completion_id for g in groups for c in g.candidates()],
        "executions": [c.execution.id for g in groups for c in g.candidates()],
        "scores": [c.score.completion_id for g in groups for c in g.candidates()],
    }
    key = {"programs": "completion_id", "scores": "completion_id"}
    for name, ids in stored.items():
        table = opened(run.path, tmp_path, name)
        assert list(table[key.get(name, "id")]) == ids and ids
    text = (run.path / "README.md").read_text()
    assert f"| `programs` | {len(stored['programs'])} |" in text


def test_values_are_those_of_the_records(run: RunDir, tmp_path: Path) -> None:
    first = run.group(0, 0).candidates()[0]
    executions = {row["id"]: row for row in opened(run.path, tmp_path, "executions")}
    outputs = executions[first.execution.id]["outputs"]
    assert outputs == [None if grid is None else grid.tolist() for grid in first.execution.outputs]
    parents = opened(run.path, tmp_path, "prompts")["parent"]
    assert None in list(parents) and any(parents)
    assert opened(run.path, tmp_path).column_names == ["id", "completion_id", "task_id", "source"]


def test_a_run_that_has_done_nothing_has_a_card_without_tables(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", Config("fakes", model="grammar", sampler="grammar"), TASKS, MANIFEST)
    write_readme(run)
    assert (run.path / "README.md").read_text().startswith("---\n---\n\n# A run of arcloop")


def test_a_training_set_opens_as_it_is_and_its_chats_by_their_file(run: RunDir, tmp_path: Path) -> None:
    out = tmp_path / "set"
    made = make_dataset(run, out, SelectionConfig("all", solved_tasks=True), RelabelConfig(), FakeSampler().format)
    assert get_dataset_config_names(str(out)) == ["default"]
    rows = opened(out, tmp_path / "cache")
    assert len(rows) == made.rows.total() > 3
    assert rows.column_names == ["id", "task_id", "prompt", "completion", "weight", "correct_share", "round"]
    chats = load_dataset(
        "json", data_files=str(out / "messages.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
    )
    first = json.loads((out / "messages.jsonl").read_text().splitlines()[0])
    assert len(chats) == len(rows) and chats[0] == first


def test_a_damaged_table_is_left_to_those_who_read_it(run: RunDir, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run.path, copy)
    path = copy / "round_000" / "group_000" / "examples.parquet"
    content = path.read_bytes()
    for place in range(0, len(content), len(content) // 12):
        path.write_bytes(content[:place] + bytes([content[place] ^ 64]) + content[place + 1 :])
        write_readme(RunDir.open(copy))
    path.write_bytes(content[:50])
    write_readme(RunDir.open(copy))
    left = run.group(0, 1).examples()  # of the two groups that have learned
    assert f"| `examples` | {len(left)} |" in (copy / "README.md").read_text()
