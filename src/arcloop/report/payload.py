"""Chapters → the data that a page holds: an index that is read at once, and a piece for each task, read when it is looked at.

A piece is deflated JSON as base64. However much the programs wrote, all pieces together stay below ``PIECES`` bytes: what
tells least is left out first.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from arcloop.records import Task
from arcloop.report.chapter import Chapter, TaskChapter, points
from arcloop.report.story import BINS, Told, grid_text

__all__ = ["PIECES", "index", "pieces", "telling_tasks"]

PIECES = 12_000_000
"""Bytes of all pieces of a page."""

_RAW = 8
"""A piece begins with so many times what it may have in the end; programs are alike, and deflate to a fifth."""

_LINES = 300
"""Lines of a program that are compared with those of its predecessor."""

_ERROR = 300


def telling_tasks(chapters: Sequence[Chapter], count: int) -> list[str]:
    """The tasks in which one sees most happen: where runs differ most, or where one run came furthest."""
    first = chapters[0]
    shared = [task_id for task_id in first.tasks if all(task_id in one.tasks for one in chapters)]

    def worth(task_id: str) -> tuple[float, ...]:
        films = [one.tasks[task_id][1].story.film for one in chapters]
        if not all(films):
            return (0.0, 0.0, 0.0)
        ends = [film[-1].program.pixels for film in films]
        way = max(film[-1].program.pixels - film[0].program.pixels for film in films)
        # Two pictures of one round are no film, and a film that ends at the target is the better one.
        solved = sum(all(film[-1].program.correct) for film in films) > 0
        frames = max(len(film) for film in films)
        return (max(ends) - min(ends) + way) * (1.5 if solved else 1.0), float(frames), max(ends)

    return sorted(shared, key=worth, reverse=True)[:count]


def index(chapters: Sequence[Chapter], lead: Sequence[str]) -> dict[str, Any]:
    """What the page knows from the beginning: the runs, and for each task a picture and a few numbers."""
    tasks: dict[str, Task] = {}
    for chapter in chapters:
        for task_id, (task, _) in chapter.tasks.items():
            tasks.setdefault(task_id, task)
    return {
        "runs": [_run(chapter) for chapter in chapters],
        "lead": list(lead),
        "tasks": [
            {
                "id": task_id,
                "cells": max(pair.output.size for pair in task.train),
                "target": grid_text(task.train[0].output),
                "runs": [_summary(one.tasks[task_id][1]) if task_id in one.tasks else None for one in chapters],
            }
            for task_id, task in tasks.items()
        ],
    }


def pieces(chapters: Sequence[Chapter], order: Sequence[str]) -> list[str]:
    """For each of the tasks, in their order, all that the page shows of it, in every run."""
    most = PIECES // max(1, len(order))
    return [_piece(task_id, chapters, most) for task_id in order]


def _run(chapter: Chapter) -> dict[str, Any]:
    numbers = chapter.numbers
    name = "pass_at_k" if numbers.curves.run.pass_at_k else "train_pass_at_k"
    return {
        "name": chapter.name,
        "rounds": len(numbers.rounds),
        "curve": name.replace("_at_", "@").replace("_", " "),
        "passes": [
            points(getattr(one, name)) for one in (*numbers.curves.rounds, numbers.curves.run) if getattr(one, name)
        ],
        "seconds": [[row.search_seconds, row.learn_seconds] for row in numbers.health],
        "health": {
            "valid outputs": [row.valid_outputs for row in numbers.rounds],
            "unique outputs": [row.unique_outputs for row in numbers.rounds],
            "right cells": [row.pixel_similarity for row in numbers.rounds],
            "right train grids": [row.correct_grids for row in numbers.rounds],
        },
        "found": chapter.found_in,
        "losses": chapter.losses,
    }


def _summary(told: TaskChapter) -> dict[str, Any]:
    best = told.story.best
    return {
        "state": told.state,
        "right": sum(best.correct) / len(best.correct) if best else 0.0,
        "pixels": round(best.pixels, 4) if best else 0.0,
        "found": told.story.found,
        "programs": told.outcome.programs,
        "perfect": told.outcome.train_perfect,
        "best": best.outputs[0] if best else None,
    }


def _piece(task_id: str, chapters: Sequence[Chapter], most: int) -> str:
    """The task's piece, of at most ``most`` bytes where the programs leave a choice."""
    task = next(one.tasks[task_id][0] for one in chapters if task_id in one.tasks)
    answers = next((one.answers[task_id] for one in chapters if task_id in one.answers), None)
    fixed = {
        "id": task_id,
        "train": [[grid_text(pair.input), grid_text(pair.output)] for pair in task.train],
        "test": [grid_text(grid) for grid in task.test_inputs],
        "answers": None if answers is None else [grid_text(grid) for grid in answers],
    }
    told = [one.tasks[task_id][1] if task_id in one.tasks else None for one in chapters]
    raw, longest = _RAW * most // max(1, len(chapters)), 20_000
    while True:
        packed = _packed(fixed | {"runs": [one and _told(one, raw, longest) for one in told]})
        # Below this there is nothing left to leave out: grids and a few lines of the best programs.
        if len(packed) <= most or longest < 200:
            return packed
        raw, longest = raw // 2, longest // 2


def _packed(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode()


def _told(told: TaskChapter, raw: int, longest: int) -> dict[str, Any]:
    """One run's part, in about ``raw`` characters; sources are cut at ``longest``."""
    film = told.story.film
    if len(film) * (longest + 2000) > raw:
        # At the least the first and the last frame.
        count = max(2, raw // (longest + 2000))
        film = [film[round(i * (len(film) - 1) / (count - 1))] for i in range(min(count, len(film)))]
    needed = {frame.program.completion_id for frame in film}
    shown: list[Told] = []
    for program in told.story.programs():
        size = min(len(program.source), longest) + sum(len(output or "") for output in program.outputs)
        if program.completion_id in needed or raw >= size:
            shown.append(program)
            raw -= size
    shown.sort(key=lambda program: program.rank, reverse=True)
    places = {program.completion_id: place for place, program in enumerate(shown)}
    return {
        "state": told.state,
        "programs": [_program(program, program.completion_id in told.trained, longest) for program in shown],
        "film": [
            {
                "round": frame.round,
                "program": places[frame.program.completion_id],
                "changes": _changes(film[number - 1].program, frame.program, longest) if number else None,
            }
            for number, frame in enumerate(film)
        ],
        "attempts": [
            {"grids": [_rows(entry["attempt_1"]), _rows(entry["attempt_2"])], "votes": votes}
            for entry, votes in zip(told.attempts, told.outcome.votes, strict=True)
        ],
        "hits": told.outcome.hits,
        "statuses": told.story.statuses,
        "sampled": told.outcome.programs,
        "perfect": told.outcome.train_perfect,
        "scores": [
            [round_, step / BINS, count]
            for round_, steps in told.story.scores.items()
            for step, count in sorted(steps.items())
        ],
    }


def _program(program: Told, trained: bool, longest: int) -> dict[str, Any]:
    cut = program.length - min(len(program.source), longest)
    return {
        "id": program.completion_id,
        "round": program.round,
        "content": program.program_id,
        "status": program.status,
        "error": program.error[:_ERROR],
        "source": program.source[:longest],
        "cut": cut,
        "outputs": program.outputs,
        "correct": program.correct,
        "pixels": round(program.pixels, 4),
        "turned": program.dihedral,
        "colors": "".join(map(str, program.colors)),
        "parent": program.parent,
        "trained": trained,
    }


def _changes(before: Told, now: Told, longest: int) -> list[tuple[int, int, int, int]] | None:
    """What became of the lines of a program: from … to … of the one before are now from … to … of this one."""
    old, new = (one.source[:longest].splitlines() for one in (before, now))
    if max(len(old), len(new)) > _LINES:
        return None
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(a, b, c, d) for tag, a, b, c, d in opcodes if tag != "equal"]


def _rows(grid: Sequence[Sequence[int]]) -> str:
    return "/".join("".join(map(str, row)) for row in grid)
