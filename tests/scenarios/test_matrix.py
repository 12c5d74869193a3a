"""The loop on the embedded model, in this process: every policy and way to learn, and learning that does harm."""

import dataclasses
import itertools
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console

from arcloop.config import Config, Policy, SamplingConfig, SelectionConfig, StoppingConfig, TrainingConfig
from arcloop.evaluation.outcome import conclude
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.model.card import read_card, resolve
from arcloop.model.language import LanguageModel, load_model
from arcloop.progress import Progress
from arcloop.runs.rundir import RunDir
from arcloop.sampling.transformers import TransformersSampler
from arcloop.submission.kaggle import validate
from arcloop.tasks.sets import load_answers, load_tasks
from arcloop.training.trainer import LoraTrainer
from tests.fakes import MANIFEST, FakeTrainer

TASKS = [
    "67a3c6ac",
    "68b16354",
    "74dd1130",
    "3c9b0459",
    "6150a2bd",
    "9dfd6313",
    "ed36ccf7",
    "a416b8f3",
    "6d0aefbc",
    "25ff71a9",
]
CONFIG = Config(
    "arc1-train",
    task_ids=tuple(TASKS),
    rounds=3,
    programs=2,
    group_size=0,
    seed=2,
    sampling=SamplingConfig(max_tokens=48, completions_per_prompt=2),
    training=TrainingConfig(epochs=1),
    selection=SelectionConfig(k=2),
)


@dataclasses.dataclass(frozen=True)
class Machine:
    """What takes time to start."""

    model: LanguageModel
    sandbox: Sandbox

    def run(self, path: Path, config: Config) -> RunDir:
        config = resolve(config, read_card("embedded"))
        run = RunDir.create(path, config, load_tasks(config.tasks, None, config.task_ids), MANIFEST)
        sampler, trainer = TransformersSampler(self.model, config.sampling), LoraTrainer(self.model, config.training)
        with Progress(Console(quiet=True), 1, "programs") as progress:
            Loop(run, sampler, self.sandbox, trainer, progress).search_and_learn()
        return run


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with Sandbox(CONFIG.execution) as sandbox:
        yield Machine(load_model("embedded"), sandbox)
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("policy", "restart"), [*itertools.product(typing.get_args(Policy), [True, False])], ids=lambda value: str(value)
)
def test_every_policy_learns_in_both_ways(machine: Machine, tmp_path: Path, policy: Policy, restart: bool) -> None:
    # What is right on all train pairs is rare among so few programs: correct-only often learns from nothing.
    config = dataclasses.replace(CONFIG, restart=restart, selection=SelectionConfig(policy=policy, k=2))
    run = machine.run(tmp_path / "run", config)
    numbers = conclude(run, load_answers("arc1-train"))
    validate(run.read("submission.json"), run.tasks())
    assert numbers.run.programs == 60 and run.finished
    first, second = (run.group(r, 0).numbers().learning for r in (0, 1))
    if policy != "correct-only":
        assert first.steps and second.steps
        # From the base model on, an adapter is as far away as it has moved; else the ways add up.
        assert (second.adapter_norm == second.adapter_change) == restart


class Untaught(TransformersSampler):
    """Searches with the base model, whatever was learned."""

    def use_adapter(self, folder: Path | None) -> None:
        super().use_adapter(None)


def programs(run: RunDir) -> dict[str, str]:
    """Draw → program, without the ten times four draws of the second round's probe."""
    found = [c for round_ in range(2) for c in run.group(round_, 0).candidates()]
    names = {c.program.completion_id: c.program.id for c in found}
    return {i: name for i, name in names.items() if not of_the_probe(i)}


def of_the_probe(draw: str) -> bool:
    return draw.startswith("r1/") and int(draw[-5:]) < 4


def test_learning_that_ruins_the_model_is_rolled_back_and_costs_no_more_than_the_probe(
    machine: Machine, tmp_path: Path
) -> None:
    config = dataclasses.replace(
        CONFIG,
        rounds=2,
        programs=8,
        stopping=StoppingConfig(perfect=0),
        training=TrainingConfig(learning_rate=1e-1, epochs=2),
    )
    run = machine.run(tmp_path / "run", config)
    numbers = conclude(run, load_answers("arc1-train"))
    assert run.group(1, 0).search_numbers().rolled_back == "round_000/group_000/adapter"
    assert numbers.health[1].rolled_back == 1
    resolved = resolve(config, read_card("embedded"))
    search_only = RunDir.create(tmp_path / "search", resolved, run.tasks(), MANIFEST)
    with Progress(Console(quiet=True), 1, "programs") as progress:
        sampler = Untaught(machine.model, resolved.sampling)
        Loop(search_only, sampler, machine.sandbox, FakeTrainer(), progress).search_and_learn()
    ours, theirs = programs(run), programs(search_only)
    assert len(theirs) > 100
    # Batches of other shapes round differently, which changes a draw now and then.
    assert sum(ours.get(i) == name for i, name in theirs.items()) >= 0.97 * len(theirs)
    ours_solved, theirs_solved = (
        {
            c.program.task_id
            for r in (0, 1)
            for c in one.group(r, 0).candidates()
            if c.score.perfect and not of_the_probe(c.program.completion_id)
        }
        for one in (run, search_only)
    )
    assert ours_solved >= theirs_solved
