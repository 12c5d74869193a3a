"""The loop on fakes: budgets, deadlines, tasks that are done, adapters that do harm, ways to learn."""

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.config import AnchorsConfig, BudgetConfig, Config, HealthConfig, SamplingConfig, StoppingConfig
from arcloop.evaluation.outcome import conclude
from arcloop.hindsight.anchors import Anchors
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Completion, Example
from arcloop.report.page import write_report
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from arcloop.search.budget import Budget, DeadlineError
from arcloop.search.heat import heats
from arcloop.submission.kaggle import validate
from arcloop.training import Fit, Fitting
from tests.fakes import MANIFEST, FakeSampler, FakeTrainer
from tests.test_loop import ANSWERS, CONFIG, TASKS, Parts, everything, finish

SMALL_WAVES = dataclasses.replace(
    CONFIG, stopping=StoppingConfig(every=8), sampling=SamplingConfig(completions_per_prompt=4)
)


def run_until(parts: Parts, path: Path, config: Config, budget: Budget) -> RunDir:
    run = RunDir.create(path, config, TASKS, MANIFEST)
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, parts.sampler, parts.executor, parts.trainer, progress, budget=budget).search_and_learn()
    return run


def sampled(run: RunDir, round_: int) -> Counter[str]:
    groups = (run.group(round_, index) for index in range(len(run.groups())))
    return Counter(c.task_id for group in groups for c in group.completions())


def test_a_task_that_is_done_gets_no_more_and_others_get_its_programs(tmp_path: Path) -> None:
    quick = dataclasses.replace(SMALL_WAVES, stopping=StoppingConfig(perfect=1, every=8))
    moved = Parts().run(tmp_path / "moved", quick)
    saved = Parts().run(
        tmp_path / "saved", dataclasses.replace(quick, stopping=StoppingConfig(perfect=1, every=8, move=False))
    )
    never = Parts().run(tmp_path / "never", dataclasses.replace(quick, stopping=StoppingConfig(perfect=0)))
    assert sampled(never, 0) == {"flip": 20, "turn": 20, "again": 20}
    assert sampled(saved, 0).total() < 60 and max(sampled(saved, 0).values()) <= 20
    for round_ in range(3):
        assert sampled(moved, round_).total() <= 60
    done: set[str] = set()
    for round_ in range(3):
        counts = sampled(moved, round_)
        assert not done & counts.keys()
        done |= {t for i in range(2) for t in moved.group(round_, i).search_numbers().stopped}
    assert done
    finish(moved)
    assert moved.numbers().health[-1].stopped_tasks == len(done)


def test_a_budget_of_programs_is_kept_whatever_it_is(tmp_path: Path) -> None:
    for programs in (1, 7, 50, 100, 1000):
        config = dataclasses.replace(SMALL_WAVES, budget=BudgetConfig(programs=programs))
        run = Parts().run(tmp_path / str(programs), config)
        assert run.finished
        total = sum(sampled(run, round_).total() for round_ in range(3))
        assert total <= min(programs, 180)
        finish(run)
        validate(run.read("submission.json"), TASKS)
    # Nobody is done in so few programs: all of it is spent, evenly.
    config = dataclasses.replace(CONFIG, budget=BudgetConfig(programs=100), stopping=StoppingConfig(perfect=0))
    run = Parts().run(tmp_path / "even", config)
    counts = [sampled(run, round_).total() for round_ in range(3)]
    assert sum(counts) == 100 and max(counts) - min(counts) <= 3


def test_a_budget_of_tokens_ends_the_sampling(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL_WAVES, budget=BudgetConfig(tokens=150))  # three a completion
    run = Parts().run(tmp_path / "run", config)
    assert run.finished
    total = sum(sampled(run, round_).total() for round_ in range(3))
    assert 40 <= total <= 50 + 6  # each of six searches ends with the completion that uses up its part


def test_a_run_with_no_time_at_all_ends_with_a_submission(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run", dataclasses.replace(CONFIG, budget=BudgetConfig(seconds=1e-9)))
    assert run.finished
    finish(run)
    validate(run.read("submission.json"), TASKS)


@pytest.mark.parametrize("config", [SMALL_WAVES, dataclasses.replace(SMALL_WAVES, budget=BudgetConfig(programs=110))])
def test_a_run_stopped_by_deadlines_resumes_to_the_same_end(tmp_path: Path, config: Config) -> None:
    whole = finish(Parts().run(tmp_path / "whole", config))
    looks, stops = 0, 0
    path = tmp_path / "stopped"
    patience = 3
    while True:
        now = 0

        def clock(patience: int = patience) -> float:
            nonlocal now, looks
            now, looks = now + 1, looks + 1
            return float(now > patience)

        try:
            run = run_until(Parts(), path, config, Budget(config.budget, 1.0, clock))
            break
        except DeadlineError:
            stops += 1
            patience += 7  # enough for a wave some day
        half = RunDir.open(path)
        validate(half.read("submission.json"), TASKS)
        before = half.read("submission.json")
        conclude(half, ANSWERS)
        assert half.read("submission.json") == before  # what was found last is in it already
    assert stops > 3
    assert finish(run) == whole


def test_the_submission_on_disk_is_that_of_all_that_was_found(tmp_path: Path) -> None:
    for config in (CONFIG, SMALL_WAVES):
        run = Parts().run(tmp_path / str(config.stopping.every), config)
        written = (run.path / "submission.json").read_bytes()
        assert finish(run)["submission.json"] == written


def test_a_long_search_is_stored_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = finish(Parts().run(tmp_path / "whole", SMALL_WAVES))
    monkeypatch.setattr("arcloop.search.group._STORED_EVERY", 0.0)
    path, parts = tmp_path / "run", Parts()
    original, seen = parts.sampler.sample, []

    def sample(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        run = RunDir.open(path)
        group = run.group(0, 0)
        seen.append(len(group.candidates()) if group.searched else 0)
        before = run.read("submission.json")
        conclude(run, ANSWERS)
        assert run.read("submission.json") == before
        return original(requests, under_way)

    parts.sampler.sample = sample  # type: ignore[method-assign]
    run = parts.run(path, SMALL_WAVES)
    assert seen[0] == 0 < seen[1]  # then it waits for twenty times as long as that took
    assert finish(run) == whole


def test_a_run_has_a_submission_before_anything_is_searched(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    validate(run.read("submission.json"), TASKS)


class Harmful(FakeTrainer):
    """Teaches nothing but failing."""

    def fit(self, asked: Fitting) -> Fit:
        fit = super().fit(asked)
        (asked.out / "learned").write_text("fail " * 200)
        return fit


def test_an_adapter_that_does_harm_is_dropped_after_a_probe(tmp_path: Path) -> None:
    never = StoppingConfig(perfect=0)
    config = dataclasses.replace(CONFIG, programs=64, group_size=0, stopping=never)
    parts = Parts()
    parts.trainer = Harmful()
    run = parts.run(tmp_path / "run", config)
    dropped = [run.group(r, 0).search_numbers().rolled_back for r in range(3)]
    assert dropped == [None, "round_000/group_000/adapter", "round_001/group_000/adapter"]
    assert [run.group(r, 0).search_numbers().adapter for r in range(3)] == [None] * 3
    # Apart from the probe the rounds go on as if nothing had been learned.
    base = Parts()
    base.sampler.use_adapter = lambda folder: None  # type: ignore[method-assign]
    untaught = base.run(tmp_path / "base", dataclasses.replace(config, health=HealthConfig(rollback=0)))
    same = {c.program.completion_id: c.program.id for c in everything(untaught)}
    other = {c.program.completion_id: c.program.id for c in everything(run)}
    differ = [i for i in same.keys() | other.keys() if same.get(i) != other.get(i)]
    assert differ and all(i.startswith(("r1/", "r2/")) and int(i[-5:]) < 16 for i in differ)
    numbers = conclude(run, ANSWERS)
    assert [row.rolled_back for row in numbers.health] == [0, 1, 1]
    assert numbers.run.train_pass_at_n == conclude(untaught, ANSWERS).run.train_pass_at_n
    assert "adapters rolled back" in write_report(run).read_text()
    kept = Parts()
    kept.trainer = Harmful()
    kept_run = kept.run(tmp_path / "kept", dataclasses.replace(config, health=HealthConfig(rollback=0)))
    assert kept_run.group(1, 0).search_numbers().adapter == "round_000/group_000/adapter"


def test_an_adapter_that_does_harm_is_dropped_again_after_a_resume(tmp_path: Path) -> None:
    config = dataclasses.replace(SMALL_WAVES, programs=40)

    def parts() -> Parts:
        made = Parts()
        made.trainer = Harmful()
        return made

    whole = finish(parts().run(tmp_path / "whole", config))
    path, count = tmp_path / "half", 0
    half = parts()
    original = half.executor._run

    def counted(job: object) -> object:
        nonlocal count
        count += 1
        if count == 150:
            raise KeyboardInterrupt
        return original(job)  # type: ignore[arg-type]

    half.executor._run = counted  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        half.run(path, config)
    assert finish(parts().run(path, config)) == whole


def test_progress_tells_tokens_while_nothing_has_ended(tmp_path: Path) -> None:
    class Slow(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            under_way(1234)
            yield from super().sample(requests, under_way)

    parts = Parts()
    parts.sampler = Slow()
    run = RunDir.create(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1), TASKS, MANIFEST)
    facts: list[str] = []

    class Noted(Progress):
        def fact(self, name: str, value: object) -> None:
            facts.append(f"{name} {value}")

    with Noted(Console(quiet=True), 100, "programs") as progress:
        Loop(run, parts.sampler, parts.executor, parts.trainer, progress).search_and_learn()
    assert facts[0].startswith("tokens 1,234 (") and "tokens 3 (" in facts[1]


def test_learning_restarts_from_all_rounds_or_continues_with_the_newest(tmp_path: Path) -> None:
    never = StoppingConfig(perfect=0)
    starts: dict[bool, list[Path | None]] = {}
    rounds: dict[bool, list[set[str]]] = {}
    for restart in (True, False):
        parts = Parts()
        config = dataclasses.replace(
            CONFIG, restart=restart, group_size=0, stopping=never, health=HealthConfig(rollback=0)
        )
        run = parts.run(tmp_path / str(restart), config)
        starts[restart] = parts.trainer.starts
        rounds[restart] = [{e.id[:3] for e in fit if not e.id.startswith("anchor")} for fit in parts.trainer.fits]
    assert starts[True] == [None, None] and "r0/" in rounds[True][1]
    assert starts[False] == [None, run.group(0, 0).adapter] and rounds[False] == [{"r0/"}, {"r1/"}]


@pytest.mark.parametrize("restart", [True, False])
def test_a_run_can_begin_with_a_trained_adapter(tmp_path: Path, restart: bool) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "learned").write_text("mirror")
    parts = Parts()
    never = StoppingConfig(perfect=0)
    config = dataclasses.replace(CONFIG, adapter=str(given), restart=restart, group_size=0, stopping=never)
    run = parts.run(tmp_path / "run", config)
    learned = [run.group(round_, 0).adapter for round_ in (0, 1)]
    assert parts.sampler.adapters == [given, *learned]
    assert parts.trainer.starts == [given, given if restart else learned[0]]


@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("size", [1, 2, 0])
def test_every_group_size_resumes_to_the_same_end_in_both_ways(tmp_path: Path, size: int, restart: bool) -> None:
    config = dataclasses.replace(SMALL_WAVES, group_size=size, restart=restart)
    run = Parts().run(tmp_path / "whole", config)
    assert len(run.groups()) == {1: 3, 2: 2, 0: 1}[size]
    whole = finish(run)
    half = Parts()
    half.stop_learning()
    with pytest.raises(KeyboardInterrupt):
        half.run(tmp_path / "half", config)
    assert finish(Parts().run(tmp_path / "half", config)) == whole


def temperatures(parts: Parts) -> dict[str, float]:
    """Completion id → temperature of its draw, of all that is sampled from now on."""
    asked: dict[str, float] = {}
    original = parts.sampler.sample

    def sample(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        asked.update({d.completion_id: d.temperature for r in requests for d in r.draws})
        return original(requests, under_way)

    parts.sampler.sample = sample  # type: ignore[method-assign]
    return asked


def test_several_temperatures_take_turns(tmp_path: Path) -> None:
    sampling = SamplingConfig(temperature=(1.0, 0.5, 0.0), completions_per_prompt=4)
    parts = Parts()
    asked = temperatures(parts)
    parts.run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1, sampling=sampling))
    assert asked and all(heat == (1.0, 0.5, 0.0)[int(i[-5:]) % 3] for i, heat in asked.items())


def test_a_task_whose_programs_are_alike_is_sampled_hotter_in_the_next_round(tmp_path: Path) -> None:
    sampling = SamplingConfig(temperature=(1.75, 0.5), diversity=0.75, completions_per_prompt=4)
    config = dataclasses.replace(CONFIG, rounds=4, group_size=0, stopping=StoppingConfig(perfect=0), sampling=sampling)
    parts = Parts()
    asked = temperatures(parts)
    run = parts.run(tmp_path / "run", config)
    expected: dict[str, float] = {}
    hot = 0
    for round_ in range(4):
        group = run.group(round_, 0)
        assert group.search_numbers().heat == expected
        for completion in group.completions():
            usual = (1.75, 0.5)[int(completion.id[-5:]) % 2]
            assert asked[completion.id] == min(2.0, usual * expected.get(completion.task_id, 1.0))
            hot += completion.task_id in expected
        expected = heats(expected, group.candidates(), 0.75)
    assert hot and expected
    # Stopped when something is hot already, it goes on as hot.
    half, rest = Parts(), Parts()
    half.stop_learning(at=2)
    with pytest.raises(KeyboardInterrupt):
        half.run(tmp_path / "half", config)
    again = temperatures(rest)
    resumed = rest.run(tmp_path / "half", config)
    assert again.items() <= asked.items() and {i.partition("/")[0] for i in again} == {"r3"}
    assert [resumed.group(r, 0).search_numbers().heat for r in range(4)] == [
        run.group(r, 0).search_numbers().heat for r in range(4)
    ]
    assert run.group(3, 0).search_numbers().heat and finish(resumed) == finish(run)


def test_anchor_rows_are_a_share_of_what_is_learned_from(tmp_path: Path) -> None:
    parts = Parts()
    config = dataclasses.replace(CONFIG, group_size=0, anchors=AnchorsConfig(share=0.5))
    original = parts.sampler.format
    run = parts.run(tmp_path / "run", config)
    numbers = run.group(0, 0).numbers().learning
    assert numbers.anchors == numbers.examples > 0
    (first, *_) = parts.trainer.fits
    anchors = [e for e in first if e.id.startswith("anchor/")]
    assert len(anchors) == numbers.anchors and all("def transform" in a.completion or a.completion for a in anchors)
    assert Anchors(AnchorsConfig(share=0), original).rows(100, random.Random(0)) == []
    plain = dataclasses.replace(original, template="barc")
    assert Anchors(AnchorsConfig(), plain).rows(100, random.Random(0)) == []


def test_anchor_rows_come_from_a_file_and_are_read_once() -> None:
    read: list[str] = []

    def rows(path: str) -> list[Example]:
        read.append(path)
        return [Example(str(i), "t", f"p{i}", f"c{i}") for i in range(9000)]

    anchors = Anchors(AnchorsConfig(share=0.5, path="some.jsonl"), Parts().sampler.format, rows)
    drawn = [anchors.rows(50, random.Random(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2] and read == ["some.jsonl"]
    assert any(int(e.prompt[1:]) > 4500 for e in drawn[0])
