"""Numbers of a run: what is written is read, what arcloop 0.1 wrote is converted, the rest is refused in one line."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from arcloop.errors import RunError
from arcloop.runs.numbers import GroupNumbers, LearningNumbers, Manifest, SearchNumbers
from arcloop.runs.schema import read_numbers, stored

SEARCH = SearchNumbers(
    whole=True,
    tasks=2,
    skipped_prompts=("r0/a/p1",),
    completions=12,
    failed_completions=0,
    tokens=340,
    programs=11,
    solved=("a",),
    stopped=(),
    discovered=("a", "b"),
    validity={"a": (3, 4), "b": (4, 4)},
    complete=9,
    unique=7,
    hard_coded=1,
    adapter="round_000/group_000/adapter",
    rolled_back=None,
    heat={"b": 1.25},
    search_seconds=3.5,
)
LEARNING = LearningNumbers(
    examples=8,
    anchors=1,
    dropped={"failed": 2},
    trained_rows=9,
    too_long_rows=0,
    steps=2,
    losses=(0.5, 0.25),
    adapter_change=0.1,
    adapter_norm=0.2,
    curate_seconds=1.0,
    learn_seconds=4.0,
    overlap_seconds=0.5,
)


def written(folder: Path, content: object) -> Path:
    (folder / "numbers.json").write_text(json.dumps(content))
    return folder / "numbers.json"


def flat(*parts: object) -> dict[str, Any]:
    """As schema 1 had them: in one object, and without a schema."""
    return {name: value for part in parts for name, value in dataclasses.asdict(part).items()}  # type: ignore[call-overload]


def second(numbers: SearchNumbers) -> dict[str, Any]:
    """As schema 2 had them: without digests."""
    content = stored(numbers) | {"schema": 2}
    return {name: value for name, value in content.items() if name not in ("sha256", "files")}


def test_the_second_schema_is_read_and_has_no_digests(tmp_path: Path) -> None:
    assert read_numbers(SearchNumbers, written(tmp_path, second(SEARCH))) == SEARCH


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "numbers.json").write_text('{"schema": 2, "schema": 2}')
    with pytest.raises(RunError, match="stands twice"):
        read_numbers(SearchNumbers, tmp_path / "numbers.json")


@pytest.mark.parametrize("numbers", [SEARCH, GroupNumbers(SEARCH, LEARNING), GroupNumbers(SEARCH, None, True)])
def test_what_is_written_is_read(numbers: SearchNumbers | GroupNumbers, tmp_path: Path) -> None:
    content = stored(numbers)
    assert next(iter(content)) == "schema"
    assert read_numbers(type(numbers), written(tmp_path, content)) == numbers


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (flat(SEARCH), GroupNumbers(SEARCH, None)),
        (flat(SEARCH, LEARNING), GroupNumbers(SEARCH, LEARNING)),
        (flat(SEARCH) | {"steps": 0}, GroupNumbers(SEARCH, None, replayed_learning=True)),
    ],
)
def test_the_first_schema_is_converted(content: dict[str, Any], expected: GroupNumbers, tmp_path: Path) -> None:
    assert read_numbers(GroupNumbers, written(tmp_path, content)) == expected
    assert read_numbers(SearchNumbers, written(tmp_path, flat(SEARCH))) == SEARCH


def test_numbers_that_the_first_runs_did_not_have_are_none(tmp_path: Path) -> None:
    early = {name: value for name, value in flat(SEARCH).items() if name not in ("heat", "failed_completions")}
    assert read_numbers(SearchNumbers, written(tmp_path, early)) == dataclasses.replace(SEARCH, heat={})


def test_a_manifest_of_the_first_schema_has_the_same_digests(tmp_path: Path) -> None:
    content = {"versions": {"arcloop": "0.1.0"}, "tasks_sha256": "t", "model_sha256": "m"}
    assert read_numbers(Manifest, written(tmp_path, content)).digests == Manifest({}, "t", "m").digests


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (stored(SEARCH) | {"schema": 4}, "schema 4; expected 3 or lower"),
        (stored(SEARCH) | {"schema": True}, "schema True; expected 3 or lower"),
        (stored(SEARCH) | {"tokens": 341}, "not what was written"),
        (second(SEARCH) | {"tokens": "many"}, "Expected `int`, got `str`"),
        ({"schema": 2}, "missing required field"),
        ([1], "schema None"),
        ("text", "schema None"),
    ],
)
def test_what_is_no_such_record_is_refused_in_one_line(content: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(RunError) as raised:
        read_numbers(SearchNumbers, written(tmp_path, content))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_what_is_no_json_is_refused_in_one_line(tmp_path: Path) -> None:
    for text in ("{", "[" * 100_000, "\x00"):
        (tmp_path / "numbers.json").write_text(text)
        with pytest.raises(RunError, match="cannot be read"):
            read_numbers(SearchNumbers, tmp_path / "numbers.json")
