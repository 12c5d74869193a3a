"""A group learns while the next one is searched: what that changes (nothing that is stored), and how it ends."""

import dataclasses
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.config import BudgetConfig, HealthConfig, StoppingConfig
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Completion
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from arcloop.search.background import Background, Took
from arcloop.search.budget import Budget, DeadlineError
from arcloop.training import Fit, Fitting
from tests.fakes import MANIFEST, FakeTrainer
from tests.scenarios.test_steering import Harmful
from tests.test_loop import CONFIG, TASKS, Parts, finish

LONG = 30.0
"""Seconds that are never waited for in a test that passes."""
LEARN_ALL = dataclasses.replace(CONFIG, stopping=StoppingConfig(perfect=0))


class Apart(Parts):
    """Fakes of which the trainer works beside the sampler."""

    def run(
        self, path: Path, config: object = CONFIG, budget: Budget | None = None, wave: Callable[[], None] | None = None
    ) -> RunDir:
        run = RunDir.create(path, config, TASKS, MANIFEST)  # type: ignore[arg-type]
        if wave is not None:
            sample = self.sampler.sample

            def watched(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
                wave()
                yield from sample(requests, under_way)

            self.sampler.sample = watched  # type: ignore[method-assign]
        with Progress(Console(quiet=True), 100, "programs") as progress:
            loop = Loop(run, self.sampler, self.executor, self.trainer, progress, budget=budget, apart=True)
            loop.search_and_learn()
        return run


@pytest.mark.parametrize("restart", [True, False])
@pytest.mark.parametrize("size", [1, 2, 0])
@pytest.mark.parametrize("harmful", [False, True])
def test_overlap_changes_nothing_that_is_stored(tmp_path: Path, size: int, restart: bool, harmful: bool) -> None:
    config = dataclasses.replace(CONFIG, group_size=size, restart=restart, programs=40 if harmful else 20)
    stored, learned = [], []
    for name, parts in (("one by one", Parts()), ("overlapping", Apart())):
        parts.trainer = Harmful() if harmful else FakeTrainer()
        run = parts.run(tmp_path / name, config)
        stored.append(finish(run))
        learned.append([[example.id for example in fit] for fit in parts.trainer.fits])
        numbers = [dataclasses.asdict(run.group(r, g).numbers()) for r in range(3) for g in range(len(run.groups()))]
        stored[-1] |= {
            f"{key} of {i}": repr(value).encode()
            for i, one in enumerate(numbers)
            for part in (one["search"], one["learning"] or {})
            for key, value in part.items()
            if not key.endswith("seconds")
        }
    assert stored[0] == stored[1]
    assert learned[0] == learned[1] and learned[0]


def test_each_group_learns_while_the_next_is_searched(tmp_path: Path) -> None:
    events: list[str] = []
    changed = threading.Condition()

    def happened(event: str) -> None:
        with changed:
            events.append(event)
            changed.notify_all()

    def after(event: str) -> None:
        """Let others go on until they have come so far."""
        with changed:
            assert changed.wait_for(lambda: event in events, LONG), f"{event} never came: {events}"

    class Meeting(Apart):
        """Search and learning wait for each other to be under way."""

        def __init__(self) -> None:
            super().__init__()
            sample, fit = self.sampler.sample, self.trainer.fit

            def searching(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
                round_ = int(requests[0].prompt.id[1])
                place = 2 * round_ + (requests[0].prompt.task_id == "again")
                if 1 <= place <= 4:
                    after(f"learning {place - 1} begins")
                happened(f"search {place}")
                yield from sample(requests, under_way)

            def learning(asked: Fitting) -> Fit:
                place = 2 * int(asked.out.parent.parent.name[-3:]) + int(asked.out.parent.name[-3:])
                happened(f"learning {place} begins")
                after(f"search {place + 1}")
                made = fit(asked)
                happened(f"learning {place} ends")
                return made

            self.sampler.sample = searching  # type: ignore[method-assign]
            self.trainer.fit = learning  # type: ignore[method-assign, assignment]

    overlapping = finish(Meeting().run(tmp_path / "overlapping", LEARN_ALL))
    for place in range(4):
        begins, ends = events.index(f"learning {place} begins"), events.index(f"learning {place} ends")
        assert begins < events.index(f"search {place + 1}") < ends
        assert ends < events.index(f"search {place + 2}")  # searched with its adapter
    assert overlapping == finish(Parts().run(tmp_path / "one by one", LEARN_ALL))


def threads_of_learning(parts: Parts, path: Path, config: object) -> set[threading.Thread]:
    threads = set()
    fit = parts.trainer.fit

    def noted(asked: Fitting) -> Fit:
        threads.add(threading.current_thread())
        return fit(asked)

    parts.trainer.fit = noted  # type: ignore[method-assign, assignment]
    parts.run(path, config)  # type: ignore[arg-type]
    return threads


def test_learning_stays_in_the_main_thread_where_it_is_not_apart_or_not_to_overlap(tmp_path: Path) -> None:
    main = {threading.main_thread()}
    assert threads_of_learning(Parts(), tmp_path / "shared", CONFIG) == main
    assert threads_of_learning(Apart(), tmp_path / "off", dataclasses.replace(CONFIG, overlap=False)) == main
    assert not threads_of_learning(Apart(), tmp_path / "on", CONFIG) & main


def test_no_program_runs_beside_the_main_thread(tmp_path: Path) -> None:
    parts, threads = Apart(), set()
    for name in ("execute", "confirm"):
        original = getattr(parts.executor, name)

        def noted(*arguments: object, original: Callable[..., object] = original, **named: object) -> object:
            threads.add(threading.current_thread())
            return original(*arguments, **named)

        setattr(parts.executor, name, noted)
    parts.run(tmp_path / "run")
    assert threads == {threading.main_thread()}


class LearningError(Exception):
    pass


def test_what_learning_raises_ends_the_run_as_it_is_and_the_run_resumes(tmp_path: Path) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))
    error = LearningError("no memory")
    parts = Apart()

    def fit(asked: Fitting) -> Fit:
        asked.out.mkdir()
        (asked.out / "learned").write_text("half")
        raise error

    parts.trainer.fit = fit  # type: ignore[method-assign, assignment]
    path = tmp_path / "run"
    with pytest.raises(LearningError) as raised:
        parts.run(path)
    assert raised.value is error
    assert not any(RunDir.open(path).group(r, g).done for r in range(3) for g in range(2))
    assert finish(Apart().run(path)) == whole


class Patient(FakeTrainer):
    """Makes steps until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.ended = threading.Event(), threading.Event()

    def fit(self, asked: Fitting) -> Fit:
        asked.out.mkdir()
        (asked.out / "learned").write_text("half")
        self.begun.set()
        try:
            end = time.monotonic() + LONG
            while time.monotonic() < end:
                asked.on_step(1, 2, 0.5)
                time.sleep(0.001)
            raise AssertionError("never stopped")
        finally:
            self.ended.set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, LearningError])
def test_a_search_that_is_stopped_stops_the_learning_beside_it(tmp_path: Path, error: type[BaseException]) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))
    parts, trainer = Apart(), Patient()
    parts.trainer = trainer

    def wave() -> None:
        if parts.sampler.adapters == [None, None]:  # the second group's
            assert trainer.begun.wait(LONG)
            raise error

    path = tmp_path / "run"
    with pytest.raises(error):
        parts.run(path, wave=wave)
    assert trainer.ended.is_set()
    assert not RunDir.open(path).group(0, 0).done
    assert finish(Apart().run(path)) == whole


def test_learning_that_ends_while_the_run_is_stopped_counts(tmp_path: Path) -> None:
    parts = Apart()

    def wave() -> None:
        if parts.sampler.adapters == [None, None]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parts.run(tmp_path / "run", dataclasses.replace(CONFIG, health=HealthConfig(rollback=0)), wave=wave)
    # The fake's only step may be before or after the interrupt; half a learning is never taken for a whole one.
    group = RunDir.open(tmp_path / "run").group(0, 0)
    assert not group.done or (group.numbers().learning.steps == 1 and (group.adapter / "learned").exists())


def test_a_deadline_stops_search_and_learning(tmp_path: Path) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))
    parts, trainer, now = Apart(), Patient(), [0.0]
    parts.trainer = trainer

    def wave() -> None:
        if parts.sampler.adapters == [None, None]:
            assert trainer.begun.wait(LONG)
            now[0] = 2.0

    path = tmp_path / "run"
    with pytest.raises(DeadlineError):
        parts.run(path, CONFIG, Budget(BudgetConfig(), 1.0, lambda: now[0]), wave)
    assert trainer.ended.is_set()
    assert not RunDir.open(path).group(0, 0).done
    assert finish(Apart().run(path)) == whole


def test_seconds_of_learning_beside_a_search_are_stored_apart(tmp_path: Path) -> None:
    run = Apart().run(tmp_path / "run", LEARN_ALL)
    for group in (run.group(r, g) for r in range(2) for g in range(2)):
        learning = group.numbers().learning
        assert 0 <= learning.overlap_seconds <= learning.learn_seconds
    alone = Parts().run(tmp_path / "alone", LEARN_ALL)
    assert alone.group(0, 0).numbers().learning.overlap_seconds == 0


def test_work_beside_is_waited_for_and_taken_in_by_the_main_thread() -> None:
    leave, taken = threading.Event(), []
    with Background(beside=True) as background:
        background.begin(7, lambda: leave.wait(LONG), lambda outcome, took: taken.append((outcome, took)))
        assert background.doing() and background.doing(7) and not background.doing(8)
        background.check()
        assert not taken
        leave.set()
    ((outcome, took),) = taken
    assert outcome is True and isinstance(took, Took) and 0 <= took.beside <= took.seconds


def test_ctrl_c_while_waiting_stops_the_work_and_waits_for_its_end() -> None:
    ended, background = threading.Event(), Background(beside=True)

    def work() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        try:
            while not ended.wait(0.001):
                background.go_on()
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt), background:
        background.begin(0, work, lambda outcome, took: None)
        background.wait()
    assert ended.is_set() and not background.doing()
