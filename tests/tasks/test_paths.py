"""Folders and files of tasks as they are found: sub-folders, hidden files, other JSON, byte-order marks, odd sizes."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcloop.assembly import begin
from arcloop.config import Config
from arcloop.errors import TaskError
from arcloop.tasks.arcjson import task_from_json
from arcloop.tasks.sets import load_answers, load_tasks, unasked

PAIR = {"input": [[1, 2], [3, 4]], "output": [[4]]}
TASK = {"train": [PAIR, PAIR], "test": [PAIR]}
WIDE = {"train": [PAIR], "test": [{"input": [[0] * 32]}]}


def write(path: Path, content: Any, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode(encoding))
    return path


def ids(path: Path, **how: Any) -> list[str]:
    return [task.id for task in load_tasks(str(path), **how)]


def test_sub_folders_are_read_and_two_files_of_one_name_are_two_tasks(tmp_path: Path) -> None:
    for name in ("one/a.json", "two/deep/a.json", "two/b.json", "c.json"):
        write(tmp_path / name, TASK)
    assert ids(tmp_path) == ["c", "one-a", "b", "two-deep-a"]
    assert load_answers(str(tmp_path)).keys() == {"c", "one-a", "b", "two-deep-a"}


def test_names_with_and_without_folders_are_told_apart(tmp_path: Path) -> None:
    for name in ("x/a.json", "y/a.json", "x-a.json", "p/q-c.json", "p-q/c.json", "z/c.json", "z/q-c.json"):
        write(tmp_path / name, TASK)
    assert sorted(ids(tmp_path)) == ["p-q/c", "p/q-c", "x-a", "x/a", "y-a", "z-c", "z-q-c"]
    assert len(load_answers(str(tmp_path))) == 7


def test_hidden_files_other_json_and_other_files_are_no_tasks(tmp_path: Path) -> None:
    write(tmp_path / "a.json", TASK)
    write(tmp_path / "._a.json", "\0\5\26\7")
    write(tmp_path / "__MACOSX" / "._a.json", "\0\5\26\7")
    write(tmp_path / ".git" / "b.json", TASK)
    write(tmp_path / "dataset_info.json", {"name": "a set", "version": 1})
    write(tmp_path / "index.json", ["a"])
    write(tmp_path / "README.md", "text")
    told: list[str] = []
    assert ids(tmp_path, tell=told.append) == ["a"]
    assert len(told) == 1 and "2 that are no valid tasks" in told[0] and "dataset_info.json" in told[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_understood(tmp_path: Path, encoding: str) -> None:
    assert ids(write(tmp_path / "a.json", TASK, encoding)) == ["a"]
    write(tmp_path / "set_solutions.json", {"t": [[[7]]]}, encoding)
    assert ids(write(tmp_path / "set_challenges.json", {"t": TASK}, encoding)) == ["t"]


def test_a_task_that_is_too_large_is_an_error_or_left_out_by_name(tmp_path: Path) -> None:
    write(tmp_path / "a.json", TASK)
    write(tmp_path / "w.json", WIDE)
    with pytest.raises(TaskError, match=r"w\.json.*1×32.*--tasks\.skip-invalid"):
        load_tasks(str(tmp_path))
    write(tmp_path / "x.json", '{"train": [')
    with pytest.raises(TaskError, match=r"x\.json"):
        load_tasks(str(tmp_path))
    told: list[str] = []
    assert ids(tmp_path, skip_invalid=True, tell=told.append) == ["a"]
    assert "2 that are no valid tasks" in told[0] and "w.json" in told[0] and "x.json" in told[0]
    challenges = write(tmp_path / "k" / "challenges.json", {"a": TASK, "w": WIDE})
    assert ids(challenges, skip_invalid=True) == ["a"]


def test_a_kaggle_input_folder_names_its_challenges_files(tmp_path: Path) -> None:
    for name in ("arc-agi_test_challenges.json", "arc-agi_training_challenges.json"):
        write(tmp_path / name, {"a": TASK})
    write(tmp_path / "sample_submission.json", {"a": []})
    with pytest.raises(TaskError, match=r"arc-agi_test_challenges\.json, or arc-agi_training_challenges\.json"):
        load_tasks(str(tmp_path))


@pytest.mark.parametrize("name", ["arc-prize/arc-agi_test_challenges.json", "set.json", "a/b/set.json"])
def test_tasks_by_id_in_a_folder_without_others_are_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, {"a": TASK})
    write(tmp_path / name.replace("test", "sample").replace("set", "sample"), {"a": []})
    with pytest.raises(TaskError, match=f"pass {tmp_path / name}"):
        load_tasks(str(tmp_path))
    write(tmp_path / "other" / "arc-agi_training_challenges.json", {"a": TASK})
    with pytest.raises(TaskError, match="Kaggle challenges files; expected one of them") as told:
        load_tasks(str(tmp_path))
    assert str(tmp_path / name) in str(told.value)
    assert str(tmp_path / "other" / "arc-agi_training_challenges.json") in str(told.value)
    # Beside tasks they are left out, which is told.
    write(tmp_path / "t.json", TASK)
    lines: list[str] = []
    assert ids(tmp_path, tell=lines.append) == ["t"] and "3 that are no valid tasks" in lines[0]


@pytest.mark.parametrize("name", ["a.json", "x_challenges.json", "x_solutions.json"])
def test_a_file_that_git_lfs_has_not_fetched_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / "x_challenges.json", {"a": TASK})
    write(tmp_path / name, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    with pytest.raises(TaskError, match=rf"{name}: a Git LFS pointer, which git lfs pull replaces"):
        load_tasks(str(tmp_path / name.replace("solutions", "challenges")))


def test_a_submission_names_every_task_of_a_challenges_file(tmp_path: Path) -> None:
    # One of them is no valid task, and has to be named all the same.
    content = {"a": TASK, "b": {**TASK, "test": [PAIR, PAIR]}, "c": TASK, "w": WIDE}
    path = write(tmp_path / "challenges.json", content)
    tasks = load_tasks(str(path), limit=1, skip_invalid=True)
    assert unasked(str(path), tasks) == {"b": 2, "c": 1, "w": 1}
    assert unasked("arc1-train", load_tasks("arc1-train", limit=1)) == {}
    run = begin(Config(str(path), limit=1, model="grammar", skip_invalid=True), tmp_path / "run")
    entries = run.read("submission.json")
    assert {name: len(tests) for name, tests in entries.items()} == {"a": 1, "b": 2, "c": 1, "w": 1}
    assert all(one["attempt_1"] != one["attempt_2"] for tests in entries.values() for one in tests)


def test_lists_of_pairs_and_whole_numbers_as_floats(tmp_path: Path) -> None:
    (task,) = load_tasks(str(write(tmp_path / "a.json", [PAIR, PAIR, {"input": [[2.0]], "output": [[3.0]]}])))
    assert len(task.train) == 2 and task.test_inputs[0].tolist() == [[2]] and task.test_inputs[0].dtype == np.int8
    assert load_answers(str(tmp_path / "a.json"))["a"][0].tolist() == [[3]]


def test_solutions_may_be_there_for_some(tmp_path: Path) -> None:
    two = {"train": [PAIR], "test": [{"input": [[1]]}, {"input": [[2]]}]}
    path = write(tmp_path / "challenges.json", {"a": two, "b": two, "c": two, "d": two})
    write(tmp_path / "solutions.json", {"a": [[[1]], [[2]]], "b": [[[1]], None], "c": [[[1]]]})
    assert load_answers(str(path)).keys() == {"a"}


@pytest.mark.parametrize(
    "content",
    [
        '{"train": [], "test": []}',
        '{"train": 1, "test": [1]}',
        "[" * 100_000,
        '{"train": ' + "[" * 5000 + "1" + "]" * 5000 + "}",
        '{"train": [{"input": [[' + "1" * 5000 + ']], "output": [[1]]}], "test": []}',
        '{"train": [], "train": [], "test": []}',
        '{"train": [{"input": [[NaN]], "output": [[1]]}], "test": [{"input": [[1]]}]}',
        '{"train": [{"input": [[1.5]], "output": [[1]]}], "test": [{"input": [[1]]}]}',
        '{"train": [{"input": [[true]], "output": [[1]]}], "test": [{"input": [[1]]}]}',
        json.dumps({"train": [PAIR] * 3000, "test": [PAIR]}),
        json.dumps({"train": [PAIR], "test": [PAIR] * 1100}),
        "",
        "null",
    ],
)
def test_what_is_no_task_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(TaskError) as told:
        load_tasks(str(write(tmp_path / "a.json", content)))
    assert "\n" not in str(told.value) and "a.json" in str(told.value) and len(str(told.value)) < 500


def test_names_that_are_no_text_and_files_that_are_none(tmp_path: Path) -> None:
    for name in ('{"\\ud800": %s}', '{"a\\nb": %s}', '{"": %s}', '{"' + "x" * 300 + '": %s}', '{"a": %s, "a": 1}'):
        with pytest.raises(TaskError):
            load_tasks(str(write(tmp_path / "c.json", name % json.dumps(TASK))))
    os.mkfifo(tmp_path / "pipe.json")
    for odd in (tmp_path / "pipe.json", Path(os.fsdecode(bytes(tmp_path) + b"/\xff.json"))):
        if not odd.exists():
            odd.write_text(json.dumps(TASK))
        with pytest.raises(TaskError) as told:
            load_tasks(str(odd))
        str(told.value).encode()


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-3, 12) | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["train", "test", "input", "output", "x"]), inner, max_size=4)
        ),
        max_leaves=25,
    )
)
def test_any_json_is_a_task_or_is_refused(raw: Any) -> None:
    try:
        task, answers = task_from_json("t", raw, "file")
    except TaskError as error:
        assert "\n" not in str(error)
    else:
        assert task.train and task.test_inputs and (answers is None or len(answers) == len(task.test_inputs))


def test_what_is_no_task_changes_no_id_and_may_be_named_anyhow(tmp_path: Path) -> None:
    write(tmp_path / "training" / "a.json", TASK)
    write(tmp_path / "meta" / "a.json", {"y": 1})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/meta\xff.json")).write_text('{"y": 1}')
    told: list[str] = []
    assert ids(tmp_path, tell=told.append) == ["a"]
    assert "\n".join(told).encode() and "meta\\udcff.json" in told[0]
