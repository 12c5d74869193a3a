"""A run that is spread ends as one process ends it, whatever happens to those who work on it."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import Console

from arcloop.cluster.actor import Assignment
from arcloop.cluster.driver import FAILURES, Driver, Lost, _Best
from arcloop.config import BudgetConfig, Config, StoppingConfig
from arcloop.errors import ClusterError, ModelError
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Completion
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from arcloop.search.budget import DeadlineError
from arcloop.submission.kaggle import ATTEMPTS, validate
from arcloop.training import Fit, Fitting
from tests.cluster.threads import CONFIG, TASKS, FakeParts, Threads, begun, drive, making
from tests.fakes import FakeExecutor, FakeSampler, FakeTrainer

NAMES = ("prompts", "completions", "programs", "executions", "scores", "examples")


def outcome(run: RunDir) -> dict[str, bytes]:
    """Files of a finished run that must not depend on who made them."""
    assert run.finished
    conclude(run, {})
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.stem in NAMES or path.name in ("submission.json", "learned", "DONE")
    }


def alone(path: Path, config: Config = CONFIG) -> dict[str, bytes]:
    """The outcome of one process."""
    run = begun(path, config)
    with Progress(Console(quiet=True), 1, "programs") as progress:
        Loop(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    return outcome(run)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return alone(tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.parametrize("seen", [True, False], ids=["one folder", "files sent back"])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_ends_as_one_process(
    tmp_path: Path, whole: dict[str, bytes], workers: int, seen: bool
) -> None:
    run = begun(tmp_path / "run")
    told = drive(run, Threads(run, workers, seen))
    # What the driver put together from the groups' parts is what a vote over all tables gives.
    assert json.loads((run.path / "submission.json").read_text()) == json.loads(whole["submission.json"])
    assert outcome(run) == whole
    assert check(run).faults == []
    assert any("not to be seen" in line for line in told) is not seen
    assert {path.name for path in run.path.iterdir()} == {
        *("config.json", "manifest.json", "tasks.json", "submission.json", "metrics.json"),
        *(f"round_{k:03}" for k in range(3)),
    }


@pytest.mark.parametrize("budget", [BudgetConfig(programs=200), BudgetConfig(tokens=511)], ids=["programs", "tokens"])
@pytest.mark.parametrize("perfect", [0, 2])
def test_a_budget_is_shared_out_alike_among_any_number_of_workers(
    tmp_path: Path, budget: BudgetConfig, perfect: int
) -> None:
    config = dataclasses.replace(CONFIG, budget=budget, stopping=StoppingConfig(perfect=perfect, move=False, every=4))
    outcomes = []
    for workers in (1, 2, 3):
        run = begun(tmp_path / str(workers), config)
        drive(run, Threads(run, workers))
        outcomes.append(outcome(run))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    spent = [place.group.search_numbers() for place in run.places()]
    if budget.programs is not None:
        assert sum(one.completions for one in spent) <= budget.programs
        # Where nothing is left over, nothing differs from one process.
        assert perfect or outcomes[0] == alone(tmp_path / "alone", config)


def test_workers_hold_no_answers_and_need_no_task_files(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run = begun(tmp_path / "run")
    orders: list[Assignment] = []

    def noted(number: int, order: Assignment) -> None:
        orders.append(order)

    crew = Threads(run, 2, seen=False, before=noted)
    beginning = crew._brief.beginning
    assert not any("output" in pair for task in json.loads(beginning["tasks.json"]).values() for pair in task["test"])
    assert set(beginning) == {"config.json", "manifest.json", "tasks.json"}
    drive(run, crew)
    # "fakes" is no task set, and no path: whoever asked for its answers would have ended with an error.
    assert outcome(run) == whole
    assert {name.rpartition("/")[2] for order in orders for name in order.stored} == set()


@pytest.mark.parametrize("seen", [True, False])
def test_a_lost_nodes_group_goes_on_elsewhere_from_what_is_stored(
    tmp_path: Path, whole: dict[str, bytes], seen: bool
) -> None:
    run = begun(tmp_path / "run")
    # The first round of all groups is done; then every group's first worker is lost with its node, three times for one.
    drive_rounds(run, 1)
    losses = dict.fromkeys(range(7), 1) | {3: 3}

    def lose(number: int, order: Assignment) -> Lost | None:
        losses[order.index] -= 1
        if losses[order.index] < 0:
            return None
        node = f"node{order.index}-{losses[order.index]}"
        crew.dead.add(node)
        return Lost("ActorDiedError: its node has died", node)

    crew = Threads(run, 2, seen, before=lose)
    told = drive(run, crew)
    assert sum("goes to another worker" in line for line in told) == 9
    assert outcome(run) == whole
    assert not (run.path / FAILURES).exists()


def drive_rounds(run: RunDir, rounds: int) -> None:
    """Have one process do the first rounds."""

    class EnoughError(Exception):
        pass

    class Some(Loop):
        def search(self, place):  # type: ignore[no-untyped-def]
            if place.round == rounds:
                raise EnoughError
            return super().search(place)

    with Progress(Console(quiet=True), 1, "programs") as progress, pytest.raises(EnoughError):
        Some(run, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()


class Breaking(FakeSampler):
    """Fails at one task, as long as it is told to."""

    def __init__(self, task_id: str, times: list[str], error: Callable[[], Exception]) -> None:
        super().__init__()
        self._task_id, self._times, self._error = task_id, times, error

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        if self._times and requests[0].prompt.task_id == self._task_id:
            self._times.pop()
            raise self._error()
        yield from super().sample(requests, under_way)


def breaking(crew: Threads, times: int, error: Callable[[], Exception]) -> None:
    left = ["once"] * times
    crew.make = making(lambda: FakeParts(Breaking("task3", left, error)))


def test_a_group_that_fails_once_is_done_by_another_worker(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run = begun(tmp_path / "run")
    crew = Threads(run, 2)
    breaking(crew, 1, lambda: RuntimeError("CUDA error: an illegal memory access"))
    told = drive(run, crew)
    assert any("group_003 goes to another worker: RuntimeError: CUDA error" in line for line in told)
    assert outcome(run) == whole


def test_a_group_that_fails_twice_is_recorded_and_the_run_ends_with_a_submission(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    run = begun(tmp_path / "run")
    crew = Threads(run, 2)
    breaking(crew, 2, lambda: RuntimeError("CUDA error:\nan illegal memory access"))
    told = drive(run, crew)
    failures = json.loads((run.path / FAILURES).read_text())
    assert list(failures) == ["group_003"] and failures["group_003"]["tasks"] == ["task3"]
    assert failures["group_003"]["reason"] == "RuntimeError: CUDA error:\\nan illegal memory access"
    assert any("Breaking" in line or "sample" in line for line in failures["group_003"]["traceback"])
    assert told[-1].startswith("cluster: 1 of 7 groups failed and were given up:") and FAILURES in told[-1]
    validate(run.read("submission.json"), TASKS)
    assert [i for i in range(7) if not run.group(2, i).done] == [3]
    conclude(run, {})
    # What failed is tried again by the next call, and the record goes.
    drive(run, Threads(run, 1))
    assert outcome(run) == whole and not (run.path / FAILURES).exists()


def test_where_nobody_can_start_the_reason_is_told(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    crew = Threads(run, 2)

    def fails() -> FakeParts:
        raise ModelError("model big: no such folder; expected one — copy it to every machine")

    def ends() -> None:
        if crew.reason:
            raise ClusterError(crew.reason)

    crew.make, crew.listening = making(fails), ends
    with pytest.raises(ClusterError, match="model big: no such folder"):
        drive(run, crew)
    validate(run.read("submission.json"), TASKS)


class Slow(FakeSampler):
    """Is heard of as soon as a search has begun, and naps for a while; where ``end`` is said, from the third search on until it."""

    def __init__(self, begun: list[str], end: float | None) -> None:
        super().__init__()
        self._begun, self._end = begun, end

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        for k, completion in enumerate(super().sample(requests, under_way)):
            if k == 3:
                self._begun.append(completion.task_id)
                if self._end is None:
                    time.sleep(0.3)
                elif len(self._begun) > 2:
                    time.sleep(max(0.0, self._end - time.time()))
            yield completion


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("how", ["deadline", "Ctrl-C"])
def test_at_the_end_of_time_what_was_found_is_stored_and_can_be_gone_on_with(
    tmp_path: Path, whole: dict[str, bytes], how: str, seen: bool
) -> None:
    run = begun(tmp_path / "run")
    crew, sampling = Threads(run, 2, seen), list[str]()
    # Whoever works when it comes is in the middle of a search, however fast the machine.
    end = time.time() + 2 if how == "deadline" else None
    crew.make = making(lambda: FakeParts(Slow(sampling, end)))
    if how == "Ctrl-C":

        def interrupts() -> None:
            if len(sampling) == 2 and not crew.stopped.is_set():
                raise KeyboardInterrupt

        crew.listening = interrupts
    with pytest.raises(DeadlineError if how == "deadline" else KeyboardInterrupt):
        drive(run, crew, end)
    assert crew.stopped.is_set() or how == "deadline"
    halves = [place for place in run.places() if place.group.searched and not place.group.done]
    assert halves and check(run).faults == []
    assert any(place.group.search_numbers().completions for place in halves)
    validate(run.read("submission.json"), TASKS)
    drive(run, Threads(run, 1, seen))
    assert outcome(run) == whole


def test_what_is_learned_when_time_is_over_is_learned_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run = begun(tmp_path / "run")
    crew = Threads(run, 1, seen=False)

    class Stopped(FakeTrainer):
        def fit(self, asked: Fitting) -> Fit:
            asked.out.mkdir()
            (asked.out / "half").write_text("of an adapter")
            crew.stop()
            asked.on_step(1, 2, 0.5)
            raise AssertionError("it went on")

    crew.make = making(lambda: FakeParts(trainer=Stopped()))
    with pytest.raises(DeadlineError):
        drive(run, crew, time.time() + 1.0)
    drive(run, Threads(run, 1, seen=False))
    assert outcome(run) == whole and not list(run.path.rglob("half"))


def test_what_a_worker_has_not_come_to_stays_in_the_submission(tmp_path: Path) -> None:
    run = begun(tmp_path / "run")
    first, second, *_ = run.tasks()
    grids = [[[7]], [[8]]]
    good = {t.id: [dict(zip(ATTEMPTS, grids, strict=True)) for _ in t.test_inputs] for t in (first, second)}
    run.submit(good)
    best = _Best(run)
    best.take("{}", [first])
    best.take(json.dumps({second.id: good[second.id]}), [first, second])
    best.write(at_once=True)
    content = run.read("submission.json")
    assert content[first.id] == good[first.id] and content[second.id] == good[second.id]
    content[first.id] = []
    (run.path / "submission.json").write_text(json.dumps(content))
    kept = _Best(run)._content
    assert kept[second.id] == good[second.id] and len(kept[first.id]) == len(first.test_inputs)


def test_a_node_that_cannot_hold_the_model_is_left_alone_in_the_end(tmp_path: Path) -> None:
    class Full(Threads):
        reasons: ClassVar[list[str | None]] = []

        def dismiss(self, number: int, reason: str | None = None) -> None:
            self.reasons.append(reason)

    run = begun(tmp_path / "run")
    crew = Full(run, 1, True)
    with Progress(Console(quiet=True), 1, "programs") as progress:
        driver = Driver(run, crew, {0: 1.0}, progress, lambda line: None)
        for number in range(6):
            driver._lost(number, Lost("OutOfMemoryError: full", "node", True))
    assert crew.reasons == [None] * 4 + ["OutOfMemoryError: full"] * 2
