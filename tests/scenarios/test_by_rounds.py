"""All groups of a round are searched before the first of them learns: what that changes (the order alone)."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.assembly.beginning import begin
from arcloop.assembly.parts import make_parts
from arcloop.config import BudgetConfig, Config, SamplingConfig, StoppingConfig, TrainingConfig
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Completion
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from arcloop.training import Fit, Fitting
from tests.fakes import MANIFEST, FakeTrainer
from tests.scenarios.test_steering import SMALL_WAVES, Harmful
from tests.test_loop import CONFIG, TASKS, Parts, finish


class ByRounds(Parts):
    """Fakes that take turns by whole rounds, and note them."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[str] = []

    def run(self, path: Path, config: Config = CONFIG) -> RunDir:
        run = RunDir.create(path, config, TASKS, MANIFEST)
        sample, fit = self.sampler.sample, self.trainer.fit

        def sampling(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            self._turn("search")
            yield from sample(requests, under_way)

        def fitting(asked: Fitting) -> Fit:
            self._turn("learn")
            return fit(asked)

        self.sampler.sample, self.trainer.fit = sampling, fitting  # type: ignore[method-assign]
        with Progress(Console(quiet=True), 100, "programs") as progress:
            Loop(run, self.sampler, self.executor, self.trainer, progress, by_rounds=True).search_and_learn()
        return run

    def _turn(self, kind: str) -> None:
        if self.turns[-1:] != [kind]:
            self.turns.append(kind)


def counted(run: RunDir) -> dict[str, bytes]:
    """The numbers of all groups without their times."""
    numbers = {
        group.path.relative_to(run.path): dataclasses.asdict(group.numbers())
        for index in range(len(run.groups()))
        for _, group in run.done_groups(index)
    }
    return {
        f"{key} of {name}": repr(value).encode()
        for name, one in numbers.items()
        for part in (one["search"], one["learning"] or {})
        for key, value in part.items()
        if not key.endswith("seconds")
    }


@pytest.mark.parametrize("harmful", [False, True])
@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("budget", [BudgetConfig(), BudgetConfig(programs=110), BudgetConfig(tokens=150)])
def test_the_order_changes_nothing_that_is_stored(
    tmp_path: Path, budget: BudgetConfig, restart: bool, harmful: bool
) -> None:
    config = dataclasses.replace(SMALL_WAVES, group_size=1, restart=restart, budget=budget)
    stored = []
    for name, parts in (("groups", Parts()), ("rounds", ByRounds())):
        parts.trainer = Harmful() if harmful else FakeTrainer()
        run = parts.run(tmp_path / name, config)
        stored.append(finish(run) | counted(run))
    assert stored[0] == stored[1]


def test_the_device_changes_hands_twice_a_round(tmp_path: Path) -> None:
    parts = ByRounds()
    parts.run(tmp_path / "run", dataclasses.replace(CONFIG, group_size=1, stopping=StoppingConfig(perfect=0)))
    assert parts.turns == ["search", "learn", "search", "learn", "search"]
    assert len(parts.trainer.fits) == 6


@pytest.mark.parametrize("at", range(4))
def test_stopped_while_it_learns_it_goes_on_to_the_same_end(tmp_path: Path, at: int) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))
    parts, path = ByRounds(), tmp_path / "run"
    parts.stop_learning(at)
    with pytest.raises(KeyboardInterrupt):
        parts.run(path)
    run = RunDir.open(path)
    assert sum(run.group(round_, index).done for round_ in range(3) for index in range(2)) == at
    # Every group of the round was searched before.
    assert all(run.group(at // 2, index).search_numbers().whole for index in range(2))
    again = ByRounds()
    assert finish(again.run(path)) == whole
    assert again.turns[0] == "learn"


def test_a_real_model_ends_with_the_same_bytes(tmp_path: Path) -> None:
    config = Config(
        "drawing",
        task_ids=("drawing-lines-9", "drawing-squares-12"),
        programs=4,
        group_size=1,
        seed=3,
        sampling=SamplingConfig(max_tokens=48),
        training=TrainingConfig(lora_r=8, epochs=1),
    )
    stored = []
    for by_rounds in (False, True):
        run = begin(config, tmp_path / str(by_rounds))
        with (
            Sandbox(config.execution) as sandbox,
            make_parts(run.config(), run.tasks()) as parts,
            Progress(Console(quiet=True), 100, "programs") as progress,
        ):
            Loop(
                run, parts.sampler, sandbox, parts.trainer, progress, parts.anchors, by_rounds=by_rounds
            ).search_and_learn()
        adapters = [run.group(0, index).adapter / "adapter_model.safetensors" for index in range(2)]
        files = finish(run) | {str(index): path.read_bytes() for index, path in enumerate(adapters)}
        # Executions have their times beside what the programs gave, which is in the scores.
        stored.append({name: content for name, content in files.items() if not name.endswith("executions.parquet")})
    assert stored[0] == stored[1]
    assert len(stored[0]) > 20
