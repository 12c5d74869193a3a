"""Asking the model about programs that tie, on fakes and on the embedded model."""

import dataclasses
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from transformers import AutoModelForCausalLM

from arcloop.config import Config, VotingConfig
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, load_model
from arcloop.model.likelihood import Likelihood
from arcloop.progress import Progress
from arcloop.prompts.format import PromptFormat
from arcloop.records import Augmentation, Candidate, Task
from arcloop.runs.rundir import RunDir, manifest
from arcloop.submission.rescoring import rescored, views
from arcloop.submission.voting import Ballot, vote
from arcloop.tasks.augment import apply_task
from tests.arc_grids import FLIP, candidate, grid, tasks
from tests.fakes import FakeExecutor, FakeSampler, FakeTrainer

TURNED = Augmentation(dihedral=1, colors=(0, 2, 1, *range(3, 10)))


class FakeScorer:
    """Likes long programs, and remembers what it was asked."""

    def __init__(self) -> None:
        self.format = PromptFormat("compact", lambda messages: messages[-1].content + "\n")
        self.asked: list[tuple[str, str]] = []

    def logprobs(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        self.asked += zip(prompts, completions, strict=True)
        return [float(len(completion)) for completion in completions]


def tied() -> list[Candidate]:
    """Three programs with three guesses, in two frames."""
    return [
        candidate(
            FLIP, [None, None, grid(str(6 + n)), None], f"def transform(grid):\n    return {'x' * n}\n", f"c{n}", frame
        )
        for n, frame in ((1, Augmentation()), (2, TURNED), (3, Augmentation()))
    ]


def ballot(made: list[Candidate]) -> Ballot:
    counted = Ballot(FLIP)
    counted.add(made)
    return counted


def test_programs_are_asked_about_in_their_own_frame_under_the_same_views() -> None:
    scorer, made = FakeScorer(), tied()
    found = rescored(ballot(made), FLIP, scorer, VotingConfig(views=3), seed=7)
    assert sorted(found) == ["c1", "c2", "c3"] and found["c1"] < found["c2"] < found["c3"]
    assert len(scorer.asked) == 9
    # A frame may change its order of pairs, nothing else.
    for made_in, (prompt, completion) in zip(
        sorted(made * 3, key=lambda c: c.program.completion_id), scorer.asked, strict=True
    ):
        allowed = {
            scorer.format.prompt_text(apply_task(dataclasses.replace(made_in.augmentation, order=order), FLIP), test)
            for order in ((0, 1), (1, 0))
            for test in (0, 1)
        }
        assert prompt in allowed
        assert scorer.format.prefix + completion == scorer.format.prefix + scorer.format.answer_text(
            made_in.program.source
        )
    assert [int(a.attempt_1[0, 0]) for a in vote(made, FLIP, found)[:1]] == [9]
    assert rescored(ballot(made[::-1]), FLIP, FakeScorer(), VotingConfig(views=3), seed=7) == found


def test_nothing_is_asked_where_nothing_is_contested() -> None:
    scorer = FakeScorer()
    assert rescored(ballot(tied()[:2]), FLIP, scorer, VotingConfig(), seed=0) == {} and scorer.asked == []


@given(tasks(), st.integers(1, 12), st.integers(0, 99))
def test_views_are_different_and_as_many_as_there_are(task: Task, count: int, seed: int) -> None:
    made = views(task, count, random.Random(seed))
    assert len(made) == len(set(made)) == min(count, math.factorial(len(task.train)) * len(task.test_inputs))
    assert made == views(task, count, random.Random(seed))
    for order, test_index in made:
        assert sorted(order) == list(range(len(task.train))) and 0 <= test_index < len(task.test_inputs)


def test_a_finished_run_is_rescored_when_a_scorer_is_given(tmp_path: Path) -> None:
    config = Config("fakes", rounds=1, programs=12, seed=3)
    run = RunDir.create(tmp_path / "run", config, [FLIP], manifest(config, [FLIP]))
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    scorer = FakeScorer()
    assert conclude(run, {})["tasks"]["flip"]["rescored"] == {}
    numbers = conclude(run, {}, scorer=scorer)["tasks"]["flip"]
    assert len(numbers["votes"]) == 2 and bool(numbers["rescored"]) == bool(scorer.asked)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load_model("embedded")


def test_logprobs_are_those_of_plain_transformers_whatever_goes_along(model: LanguageModel) -> None:
    prompts = [model.format.prompt_text(FLIP, index) for index in (0, 1, 0)]
    answers = [f"def transform(input_grid):\n    return np.flip(input_grid, {n})" for n in (0, 1)] + [""]
    network = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
    expected = []
    for prompt, answer in zip(prompts, answers, strict=True):
        before, after = model.encode(prompt), model.encode_answer(answer)
        with torch.inference_mode():
            logits = network(torch.tensor([[*before, *after]]), use_cache=False).logits[0]
        chosen = torch.log_softmax(logits[len(before) - 1 : -1], -1)
        expected.append(float(chosen[range(len(after)), after].sum()))
    scorer = Likelihood(model)
    assert scorer.logprobs(prompts, answers) == pytest.approx(expected, rel=1e-4)
    alone = [scorer.logprobs([prompt], [answer])[0] for prompt, answer in zip(prompts, answers, strict=True)]
    assert alone == pytest.approx(expected, rel=1e-4)
    assert scorer.logprobs([], []) == []


def test_long_rows_are_split_and_come_back_in_their_order(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [model.format.prompt_text(FLIP, index % 2) for index in range(5)]
    answers = [f"return {'x ' * (5 - n)}" for n in range(5)]
    scorer = Likelihood(model)
    together = scorer.logprobs(prompts, answers)
    monkeypatch.setattr("arcloop.model.likelihood._PACK", 150)
    monkeypatch.setattr("arcloop.model.likelihood._LOGITS", model.vocabulary * 3)
    assert scorer.logprobs(prompts, answers) == pytest.approx(together, rel=1e-4)


def test_the_model_prefers_the_program_that_it_was_taught(model: LanguageModel) -> None:
    scorer = Likelihood(model)
    made = [
        candidate(FLIP, [None, None, grid(str(n)), None], f"def transform(input_grid):\n    return {body}\n", f"c{n}")
        for n, body in (
            (1, "np.flip(input_grid, 1)"),
            (2, "zzz(input_grid, 1, 2)"),
            (3, "input_grid ** 7 / input_grid"),
        )
    ]
    found = rescored(ballot(made), FLIP, scorer, VotingConfig(views=4), seed=0)
    assert max(found, key=lambda name: found[name]) == "c1"
    assert all(value < 0 for value in found.values())
