"""When a task is sampled hotter."""

import dataclasses

from arcloop.records import Candidate
from arcloop.search.heat import heats
from tests.arc_grids import FLIP, candidate


def found(task_id: str, *sources: str) -> list[Candidate]:
    task = dataclasses.replace(FLIP, id=task_id)
    return [candidate(task, [None] * 4, source) for source in sources]


def test_tasks_whose_programs_are_alike_become_hotter_and_cool_down_again() -> None:
    alike, apart = found("a", "x", "x", "x", "y"), found("a", "x", "y", "z", "z")
    assert heats({}, alike, 0.6) == {"a": 1.25}
    assert heats({"a": 1.25}, alike, 0.6) == {"a": 1.5625}
    assert heats({"a": 1.5625}, apart, 0.6) == {"a": 1.25}
    assert heats({"a": 1.25}, apart, 0.6) == {}


def test_heat_has_an_end_and_stays_where_it_suits() -> None:
    heat: dict[str, float] = {}
    for _ in range(10):
        heat = heats(heat, found("a", "x", "x"), 1.0)
    assert heat == {"a": 2.0}
    assert heats({"a": 1.6}, found("a", "x", "x"), 0.5) == {"a": 1.6}
    assert heats({}, found("a", "x", "y"), 0.5) == {}


def test_a_task_keeps_its_heat_when_nothing_is_found_and_others_do_not_matter() -> None:
    programs = [*found("a", "x", "y"), *found("b", "x", "x")]
    assert heats({"c": 1.25}, programs, 0.75) == {"b": 1.25, "c": 1.25}
    assert heats({"c": 1.25}, reversed(programs), 0.75) == {"b": 1.25, "c": 1.25}
    assert heats({"c": 1.25}, [], 0.75) == {"c": 1.25}
