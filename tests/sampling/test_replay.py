"""A replay: an earlier run's completions again, through the whole loop on fakes, and what it does not have."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.assembly import begin, replayed
from arcloop.cli.options import source_in
from arcloop.config import AugmentConfig, Config, RefineConfig, SamplingConfig, StoppingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Completion, FinishReason, Pair, Task
from arcloop.runs.groupdir import write_json
from arcloop.runs.origin import check_origin
from arcloop.runs.rundir import RunDir
from arcloop.runs.schema import stored as as_stored
from arcloop.sampling import Request, Sampler, UnderWay, untold
from arcloop.sampling.replay import ReplaySampler
from tests.arc_grids import FLIP, grid
from tests.fakes import MANIFEST, NOTHING, FakeExecutor, FakeSampler, FakeTrainer

TURN = Task("turn", (Pair(grid("12", "30"), grid("03", "21")), Pair(grid("45"), grid("54"))), (grid("67", "80"),))
TASKS = [FLIP, TURN, dataclasses.replace(TURN, id="again")]
SAMPLING = SamplingConfig(max_tokens=9, max_prompt_tokens=1000)
CONFIG = Config("fakes", rounds=2, programs=12, group_size=2, seed=4, sampling=SAMPLING)


def searched(
    path: Path,
    config: Config,
    source: RunDir | None = None,
    tasks: list[Task] | None = None,
    sampler: Sampler | None = None,
) -> RunDir:
    """A run on fakes, or the replay of one."""
    if source:
        config = dataclasses.replace(config, sampler="replay", source=str(source.path))
        sampler = ReplaySampler("earlier", "compact", source.groups(), source.answered)
    run = RunDir.create(path, config, TASKS if tasks is None else tasks, MANIFEST)
    trainer = None if source else FakeTrainer()
    sampler = sampler or FakeSampler()
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, sampler, FakeExecutor(), trainer, progress).search_and_learn()
    conclude(run, {})
    return run


@pytest.fixture
def source(tmp_path: Path) -> RunDir:
    return searched(tmp_path / "source", CONFIG)


def found(run: RunDir) -> dict[str, bytes]:
    names = ("prompts", "completions", "programs", "executions", "scores")
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.stem in names or path.name == "submission.json"
    }


def completions(run: RunDir, index: int = 0) -> dict[str, FinishReason]:
    return {c.id: c.finish_reason for c in run.answered(index)[1]}


def test_a_replay_finds_what_the_run_found_byte_for_byte_and_trains_nothing(source: RunDir, tmp_path: Path) -> None:
    again = searched(tmp_path / "again", CONFIG, source)
    assert found(again) == found(source) and len(found(source)) == 21
    assert not list(again.path.rglob("adapter")) and list(source.path.rglob("adapter"))


def test_a_replay_goes_back_where_the_run_went_back(tmp_path: Path) -> None:
    class Spoilt(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            for completion in super().sample(requests, under_way):
                yield dataclasses.replace(completion, text="no program") if self._learned else completion

    config = dataclasses.replace(CONFIG, rounds=3, programs=40, stopping=StoppingConfig(perfect=3, every=8))
    source = searched(tmp_path / "source", config, sampler=Spoilt())
    again = searched(tmp_path / "again", config, source)
    rolled_back = [source.group(r, g).search_numbers().rolled_back for r in range(3) for g in range(2)]
    assert any(rolled_back)
    assert rolled_back == [again.group(r, g).search_numbers().rolled_back for r in range(3) for g in range(2)]
    assert found(again) == found(source)


def test_a_replay_of_a_replay_is_the_same_again(source: RunDir, tmp_path: Path) -> None:
    again = searched(tmp_path / "again", CONFIG, source)
    assert found(searched(tmp_path / "third", CONFIG, again)) == found(source)


def test_fewer_programs_tasks_and_rounds_are_a_part_of_the_run(source: RunDir, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, rounds=1, programs=5, group_size=1)
    part = searched(tmp_path / "part", config, source, [TURN])
    whole = {c.id: c for c in source.answered(0)[1]}
    mine = part.answered(0)[1]
    assert len(mine) == 5 and all(whole[c.id] == c for c in mine)


def test_prompts_that_the_run_did_not_ask_are_skipped_with_their_ids(source: RunDir, tmp_path: Path) -> None:
    other = Task("other", FLIP.train, FLIP.test_inputs)
    # The same name with other grids is another task.
    changed = dataclasses.replace(FLIP, test_inputs=(grid("99"), grid("11")))
    run = searched(tmp_path / "more", dataclasses.replace(CONFIG, rounds=1), source, [changed, TURN, other])
    numbers = [run.group(0, index).search_numbers() for index in range(2)]
    assert numbers[0].skipped_prompts == ("r0/flip/p0", "r0/flip/p1")
    assert numbers[1].skipped_prompts == ("r0/other/p0", "r0/other/p1")
    assert numbers[0].completions == 12 and numbers[0].failed_completions == 0


def test_completions_that_the_run_does_not_have_are_recorded_as_failed(source: RunDir, tmp_path: Path) -> None:
    run = searched(tmp_path / "more", dataclasses.replace(CONFIG, programs=16, rounds=1), source)
    reasons = completions(run)
    lost = {f"r0/{task}/d{draw:05}" for task in ("flip", "turn") for draw in range(12, 16)}
    assert {i for i, reason in reasons.items() if reason is FinishReason.ERROR} == lost
    assert run.group(0, 0).search_numbers().failed_completions == 8
    assert "not in the run earlier" in {c.text for c in run.answered(0)[1]}


def test_without_augmentation_rounds_share_prompts_and_not_completions(tmp_path: Path) -> None:
    plain = dataclasses.replace(CONFIG, augment=AugmentConfig(dihedral=False, colors=False, order=False))
    source = searched(tmp_path / "source", plain)
    assert found(searched(tmp_path / "again", plain, source)) == found(source)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A run that the command line can open: on tasks that it can load."""
    config = Config("drawing", limit=2, rounds=2, sampling=SAMPLING, seed=3, group_size=2)
    run = begin(config, tmp_path / "stored")
    with pytest.raises(RunError, match="nothing in it is done"):
        begin(replayed(run.path), tmp_path / "again")
    run.group(0, 0).clear()
    run.group(0, 0).finish(NOTHING)
    return run.path


def test_a_replay_takes_its_settings_from_the_run(stored: Path, tmp_path: Path) -> None:
    run = begin(dataclasses.replace(replayed(stored), model="replay"), tmp_path / "again")
    config = run.config()
    assert (config.sampler, config.model, config.seed, config.source) == ("replay", "embedded", 3, str(stored))
    check_origin(run)
    assert source_in(["--model", "replay", "--from", "x"]) == Path("x") and source_in([]) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 5}, "seed is 5, but 3 in"),
        (
            {"sampling": dataclasses.replace(SAMPLING, top_p=0.5)},
            r"sampling.top_p is 0.5, but 0.95 .* leave --sampling",
        ),
        ({"augment": AugmentConfig(colors=False)}, "augment.colors is False"),
        ({"refine": RefineConfig(0.5)}, r"refine.share is 0.5, but 0.0 .* leave --refine.share out"),
        ({"model": "grammar"}, "model is 'grammar', but 'embedded'"),
    ],
)
def test_settings_that_would_change_what_was_asked_are_refused(
    change: dict[str, object], words: str, stored: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        begin(dataclasses.replace(replayed(stored), **change), tmp_path / "again")  # type: ignore[arg-type]
    assert not (tmp_path / "again").exists()


def test_a_run_on_other_tasks_is_named(stored: Path, tmp_path: Path) -> None:
    other = dataclasses.replace(replayed(stored), tasks="arc1-train", limit=1)
    with pytest.raises(RunError, match=r"none of its 2 tasks is among the 1 of arc1-train.*leave --tasks out"):
        begin(other, tmp_path / "again")


def test_the_run_must_be_there_and_stay_as_it_was(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such folder"):
        replayed(tmp_path / "nothing")
    with pytest.raises(ConfigError, match=r"from is None; expected a run's folder with --sampler replay"):
        Config("drawing", sampler="replay")
    run = begin(replayed(stored), tmp_path / "again")
    other = dataclasses.replace(RunDir.open(stored).manifest(), versions={})
    write_json(stored / "manifest.json", as_stored(other))
    with pytest.raises(RunError, match=r"source .* has changed since the run began"):
        check_origin(run)


def test_later_rounds_of_fewer_programs_are_a_part_of_the_run(source: RunDir, tmp_path: Path) -> None:
    part = searched(tmp_path / "part", dataclasses.replace(CONFIG, programs=5), source)
    whole = {c.id: c for c in source.answered(0)[1]}
    mine = part.answered(0)[1]
    assert len(mine) == 2 * 2 * 5 and all(whole[c.id] == c for c in mine)


def test_a_run_whose_seeds_were_made_otherwise_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Earlier versions did not count a task's draws on over the rounds."""
    with monkeypatch.context() as earlier:
        for name in ("arcloop.search.waves.counted_on", "arcloop.prompts.format.counted_on"):
            earlier.setattr(name, lambda round_, number, share: (round_, number))
        source = searched(tmp_path / "source", CONFIG)
    assert found(searched(tmp_path / "again", CONFIG, source)) == found(source)
