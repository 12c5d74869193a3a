"""The page as text: what it holds, how large it gets, and that nothing in it is anything but text."""

import base64
import dataclasses
import hashlib
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from arcloop.config import Config
from arcloop.evaluation.outcome import conclude
from arcloop.records import Completion, Task
from arcloop.report import payload
from arcloop.report.chapter import chapter
from arcloop.report.page import page, write_page, write_report
from arcloop.report.palette import PALETTES
from arcloop.report.payload import telling_tasks
from arcloop.report.story import grid_text, kind_of_error
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from tests.arc_grids import grid
from tests.fakes import FakeSampler
from tests.report.reading import index_of, pieces_of, shown_programs
from tests.test_loop import ANSWERS, CONFIG, Parts


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    made = Parts().run(tmp_path_factory.mktemp("runs") / "run")
    conclude(made, ANSWERS)
    return made


def test_a_film_never_gets_worse_and_ends_with_the_best_program(run: RunDir) -> None:
    told = chapter(run, "run", ANSWERS)
    for _, of in told.tasks.values():
        ranks = [frame.program.rank for frame in of.story.film]
        assert ranks == sorted(set(ranks))
        best = of.outcome.best
        assert best is not None and of.story.best is not None
        assert (of.story.best.source, of.story.best.pixels) == (best.source, best.pixels)
        assert of.story.found == next(f.round for f in of.story.film if all(f.program.correct))
    assert sum(told.found_in) == len(told.tasks)


def test_outputs_are_shown_in_the_tasks_own_frame(run: RunDir) -> None:
    """Programs answer in frames of their own; one that is right shows what is asked for, wherever it was written."""
    (flip,) = (piece for piece in pieces_of(page([chapter(run, "run", ANSWERS)])) if piece["id"] == "flip")
    right = [p for p in flip["runs"][0]["programs"] if all(p["correct"])]
    assert right and any(p["turned"] for p in flip["runs"][0]["programs"])
    for program in right:
        assert program["outputs"][: len(flip["train"])] == [output for _, output in flip["train"]]
        assert program["outputs"][len(flip["train"]) :] == flip["answers"]


def test_a_page_says_what_the_numbers_say(run: RunDir) -> None:
    html = page([chapter(run, "run", ANSWERS)])
    index = index_of(html)
    assert "2 of 2 tasks solved, with two attempts for each test grid." in html
    assert [task["id"] for task in index["tasks"]] == ["flip", "turn", "again"]
    # Of the third the answers are not known: it is solved as far as anybody can tell.
    assert [task["runs"][0]["state"] for task in index["tasks"]] == ["solved"] * 3
    assert pieces_of(html)[2]["answers"] is None
    failures = [f for f in chapter(run, "run", ANSWERS).failures if f.example]
    assert failures and all(f.count >= 1 for f in failures)


def test_what_was_learned_from_is_marked(run: RunDir) -> None:
    learned = {e.id.partition("@")[0] for g in (0, 1) for r in (0, 1) for e in run.group(r, g).examples()}
    marked = {p["id"] for p in shown_programs(page([chapter(run, "run", {})])) if p["trained"]}
    assert marked and marked <= learned


def test_the_same_run_gives_the_same_page(run: RunDir) -> None:
    assert page([chapter(run, "run", ANSWERS)]) == page([chapter(run, "run", ANSWERS)])


def test_a_page_runs_its_own_scripts_alone_and_may_ask_nobody(run: RunDir) -> None:
    html = page([chapter(run, "run", ANSWERS)])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = policy[1].replace("&#39;", "'")
    for script in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in rules
    assert "default-src 'none'" in rules and "connect-src 'none'" in rules and "unsafe" not in rules
    assert not re.search(r'(src|href)="(https?:)?//', html)


def test_an_unfinished_run_and_one_that_has_not_begun_have_a_page(tmp_path: Path, run: RunDir) -> None:
    begun = RunDir.create(tmp_path / "begun", CONFIG, run.tasks(), run.manifest())
    html = page([chapter(begun, "begun", ANSWERS)])
    assert "So far: 0 of 2 tasks solved" in html
    parts = Parts()
    parts.stop_learning(at=2)
    with pytest.raises(KeyboardInterrupt):
        parts.run(tmp_path / "half")
    half = RunDir.open(tmp_path / "half")
    before = {p: p.read_bytes() for p in half.path.rglob("*") if p.is_file()}
    write_page([half.path, run.path], tmp_path / "both.html", lambda _: ANSWERS)
    assert {p: p.read_bytes() for p in half.path.rglob("*") if p.is_file()} == before  # it was only read
    index = index_of((tmp_path / "both.html").read_text())
    assert [one["rounds"] for one in index["runs"]] == [2, 3] and index["firsts"] == [0, 1]
    said = (tmp_path / "both.html").read_text()
    assert "<h1>half: So far: " in said and '<p class="lede">run: ' in said


def test_hostile_names_texts_and_errors_stay_text(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"

    class Hostile(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            for completion in super().sample(requests, under_way):
                yield dataclasses.replace(completion, text=completion.text + f"  # {evil}")

    parts = Parts()
    parts.sampler = Hostile()
    run = parts.run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    conclude(run, ANSWERS)
    told = chapter(run, evil, ANSWERS)
    renamed = {
        f"{evil}{task_id}": (dataclasses.replace(task, id=f"{evil}{task_id}"), of)
        for task_id, (task, of) in told.tasks.items()
    }
    html = page([dataclasses.replace(told, tasks=renamed)])
    assert "<script>alert" not in html and "<img" not in html
    assert any(evil in program["source"] for program in shown_programs(html))
    assert index_of(html)["runs"][0]["name"] == evil


def test_a_page_stays_small_whatever_was_written(run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    told = chapter(run, "run", ANSWERS)
    letters = "".join(random.Random(3).choices([chr(code) for code in range(33, 0x3000)], k=9000))
    starts = itertools.count()
    for _, of in told.tasks.values():
        for store in (of.story._kept, of.story._failed):
            for key, program in store.items():  # type: ignore[attr-defined]
                noise = letters[17 * next(starts) :][:5000]
                store[key] = dataclasses.replace(program, source=noise, length=5000)  # type: ignore[index]
        of.story.film = [
            dataclasses.replace(f, program=dataclasses.replace(f.program, source=noise)) for f in of.story.film
        ]
    whole = page([told])
    monkeypatch.setattr(payload, "PIECES", 30_000)
    small = page([told])
    assert len(whole) - len(small) > 30_000
    assert sum(map(len, re.findall(r'id="piece-\d+">([^<]*)<', small))) <= 30_000
    for piece in pieces_of(small):
        assert piece["runs"][0]["film"] and piece["runs"][0]["programs"][0]["correct"]


def test_the_tasks_in_which_most_happened_come_first(run: RunDir) -> None:
    told = chapter(run, "run", ANSWERS)
    (first, *_) = telling_tasks([told], 3)
    ways = {i: of.story.film[-1].program.pixels - of.story.film[0].program.pixels for i, (_, of) in told.tasks.items()}
    assert ways[first] == max(ways.values())


def test_grids_and_errors_in_words() -> None:
    assert grid_text(grid("012", "345")) == "012/345"
    assert grid_text(np.full((1, 30), 9, np.int8)) == "9" * 30
    assert kind_of_error("error", "input 0: NameError: name 'a' is not defined") == "NameError"
    assert kind_of_error("error", "input 0: <b>: no name") == ""
    assert kind_of_error("timeout", "input 0: NameError: x") == ""
    assert kind_of_error("error", "E" * 5000) == ""


# Machado, Oliveira and Fernandes 2009, full severity.
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_the_safe_palette_is_told_apart_by_the_colour_blind(kind: str) -> None:
    def closest(colours: Sequence[str]) -> float:
        rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
        seen = ((rgb / 255) ** 2.2 @ np.array(BLIND[kind]).T).clip(0, 1) ** (1 / 2.2)
        return min(float(np.linalg.norm(a - b)) for i, a in enumerate(seen) for b in seen[:i])

    assert closest(PALETTES["safe"]) > 0.2
    assert kind == "tritanopia" or closest(PALETTES["safe"]) > closest(PALETTES["arc"])


def test_a_task_without_a_program_is_told_too(tmp_path: Path) -> None:
    class Silent(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            for completion in super().sample(requests, under_way):
                yield dataclasses.replace(completion, text="I would rather not")

    parts = Parts()
    parts.sampler = Silent()
    run = parts.run(tmp_path / "run", Config("fakes", rounds=1, programs=4))
    conclude(run, ANSWERS)
    html = write_report(run, ANSWERS).read_text()
    tasks: Sequence[Task] = run.tasks()
    assert [task["runs"][0]["state"] for task in index_of(html)["tasks"]] == ["not"] * len(tasks)
