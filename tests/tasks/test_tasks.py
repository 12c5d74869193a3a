import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from arcloop.errors import TaskError
from arcloop.records import Task
from arcloop.tasks.arcjson import task_from_json, task_to_json
from arcloop.tasks.sets import load_answers, load_tasks
from tests.arc_grids import FLIP, tasks


@pytest.mark.parametrize(
    ("name", "count"), [("arc1-train", 400), ("arc1-eval", 400), ("arc2-train", 1000), ("arc2-eval", 120)]
)
def test_the_named_sets_are_complete(name: str, count: int) -> None:
    loaded = load_tasks(name)
    assert len({task.id for task in loaded}) == count
    answers = load_answers(name)
    assert all(len(answers[task.id]) == len(task.test_inputs) for task in loaded)


def test_named_sets_differ() -> None:
    assert load_tasks("arc1-train", 1)[0].id == "007bbfb7"
    assert {t.id for t in load_tasks("arc1-train")}.isdisjoint(t.id for t in load_tasks("arc1-eval"))


def test_the_drawing_suite_is_a_task_set() -> None:
    drawing = load_tasks("drawing")
    answers = load_answers("drawing")
    assert {task.id for task in drawing} == answers.keys()
    assert all(len(answers[task.id]) == len(task.test_inputs) for task in drawing)


def test_limit_and_ids_pick_tasks() -> None:
    assert [t.id for t in load_tasks("arc1-train", 2)] == ["007bbfb7", "00d62c1b"]
    assert [t.id for t in load_tasks("arc1-train", None, ("67a3c6ac", "007bbfb7", "67a3c6ac"))] == [
        "67a3c6ac",
        "007bbfb7",
    ]


@given(tasks())
def test_json_gives_back_the_task_without_answers(task: Task) -> None:
    again, answer = task_from_json("any", task_to_json(task), "here")
    assert answer is None
    assert all(np.array_equal(a, b) for a, b in zip(again.inputs, task.inputs, strict=True))
    assert all(np.array_equal(a.output, b.output) for a, b in zip(again.train, task.train, strict=True))


def raw(**changes: Any) -> dict[str, Any]:
    return {"train": [{"input": [[1]], "output": [[2]]}], "test": [{"input": [[3]], "output": [[4]]}]} | changes


def test_a_folder_of_files_is_read_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(json.dumps(raw()))
    assert [t.id for t in load_tasks(str(tmp_path))] == ["a", "b"]
    assert load_answers(str(tmp_path))["a"][0].tolist() == [[4]]


def test_kaggle_files_are_read_with_their_solutions(tmp_path: Path) -> None:
    challenges = tmp_path / "arc-agi_test_challenges.json"
    challenges.write_text(
        json.dumps({"x": raw(test=[{"input": [[3]]}, {"input": [[5]]}]), "y": raw(test=[{"input": [[1]]}])})
    )
    assert [len(t.test_inputs) for t in load_tasks(str(challenges))] == [2, 1]
    assert load_answers(str(challenges)) == {}
    (tmp_path / "arc-agi_test_solutions.json").write_text(json.dumps({"x": [[[7]], [[8]]]}))
    assert [grid.tolist() for grid in load_answers(str(challenges))["x"]] == [[[7]], [[8]]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "expected"),
        (json.dumps({"train": [], "test": []}), "0 train and 0 test pairs"),
        (json.dumps(raw(train=[{"input": [[1]]}])), 'no "output"'),
        (json.dumps(raw(test=[{"input": [[0] * 31]}])), "1×31; ARC grids are at most 30×30"),
        (json.dumps(raw(test=[{"input": [[1, 2], [3]]}])), r"rows of \[1, 2\] cells"),
        (json.dumps(raw(test=[{"input": [[10]]}])), "expected integers 0–9"),
        (json.dumps(raw(test=[{"input": [[True]]}])), "expected integers 0–9"),
        (json.dumps(raw(test=[{"input": [[0.5]]}])), "expected integers 0–9"),
        (json.dumps(raw(test=[{"input": []}])), "expected a list of rows"),
        (json.dumps(raw(test=[{"input": "no"}])), "expected a list of rows"),
    ],
)
def test_a_malformed_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(TaskError, match=words) as caught:
        load_tasks(str(tmp_path))
    assert "bad.json" in str(caught.value)


@pytest.mark.parametrize("solutions", [[], {"x": 1}, {"x": [[[7]], [[7]], [[7]]]}, {"x": [[[7]], "no"]}])
def test_malformed_solutions_are_named(tmp_path: Path, solutions: object) -> None:
    challenges = tmp_path / "challenges.json"
    challenges.write_text(json.dumps({"x": raw(test=[{"input": [[3]]}, {"input": [[5]]}])}))
    (tmp_path / "solutions.json").write_text(json.dumps(solutions))
    with pytest.raises(TaskError, match=r"solutions\.json.*expected"):
        load_answers(str(challenges))


@pytest.mark.parametrize("source", ["arc3-train", "no/such/folder"])
def test_an_unknown_set_says_what_there_is(source: str) -> None:
    with pytest.raises(TaskError, match=r"arc1-train.*arcloop run --help"):
        load_tasks(source)


def test_unknown_ids_are_named() -> None:
    with pytest.raises(TaskError, match="zzz not in arc1-train"):
        load_tasks("arc1-train", None, ("007bbfb7", "zzz"))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="no tasks in it"):
        load_tasks(str(tmp_path))


def test_tasks_hold_no_answers() -> None:
    assert not hasattr(FLIP, "answers")
    assert set(Task.__dataclass_fields__) == {"id", "train", "test_inputs"}
