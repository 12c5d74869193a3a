"""Shares of a run on fakes: who does what, and that all of them together make the run that one process makes."""

import dataclasses
import json
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.assembly.probing import _writing_the_submission
from arcloop.config import BudgetConfig, Config
from arcloop.errors import ConfigError, RunError
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Attempt
from arcloop.runs.lock import locked
from arcloop.runs.rundir import RunDir
from arcloop.runs.shares import Share, SharedRun, alone, sharing
from arcloop.submission.kaggle import submission_json, validate
from arcloop.submission.voting import vote
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer
from tests.test_loop import CONFIG, TASKS, finish

SMALL = dataclasses.replace(CONFIG, group_size=1)


def shared(path: Path, config: Config, numbers: Sequence[int], of: int) -> RunDir:
    """A run of which one process after the other does its share."""
    for number in numbers:
        run = RunDir.create(path, config, TASKS, MANIFEST, shared=True)
        share = Share(number, of)
        with sharing(run, share) as own, Progress(Console(quiet=True), 100, "programs") as progress:
            Loop(own, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    return run


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        dataclasses.replace(SMALL, budget=BudgetConfig(programs=110)),
        dataclasses.replace(SMALL, budget=BudgetConfig(tokens=300)),
    ],
    ids=["all", "programs", "tokens"],
)
def test_the_run_does_not_depend_on_the_number_of_shares(tmp_path: Path, config: Config) -> None:
    whole = RunDir.create(tmp_path / "one", config, TASKS, MANIFEST)
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(whole, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    best = (whole.path / "submission.json").read_bytes()
    made = finish(whole)
    for of in (2, 3):
        run = shared(tmp_path / str(of), config, range(of, 0, -1), of)
        # What the shares have put together is what an evaluation makes of the tables.
        assert (run.path / "submission.json").read_bytes() == best
        assert finish(run) == made


def test_a_share_is_every_so_manieth_group_and_has_none_where_there_are_fewer(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST)
    assert [Share(number, 2).groups(run) for number in (1, 2)] == [(0, 2), (1,)]
    assert Share.parse("5/8").groups(run) == () and str(Share.parse("5/8")) == "5/8"
    for text in ("0/8", "9/8", "3", "3/8/9", "-1/2", "³/8", "", "1/0"):
        with pytest.raises(ConfigError, match="expected such as 3/8"):
            Share.parse(text)


def test_two_who_take_a_group_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST)
    with sharing(run, Share(1, 2)):
        assert not alone(run)
        with pytest.raises(RunError, match=r"group_000: process .* expected nobody"):
            shared(run.path, SMALL, [1], 3)
        with pytest.raises(RunError, match=r"group_000: process"), locked(run.path):
            pass
    assert alone(run) and not (run.path / "round_000").exists()
    with locked(run.path), pytest.raises(RunError, match=r"process .* goes on with all of it"):
        shared(run.path, SMALL, [1], 3)
    assert not (run.path / "round_000").exists()


def test_other_settings_do_not_begin_a_run_anew_under_another_share(tmp_path: Path) -> None:
    RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST, shared=True)
    other = dataclasses.replace(SMALL, seed=5)
    with pytest.raises(RunError, match="a run with seed 4, not 5"):
        RunDir.create(tmp_path / "run", other, TASKS, MANIFEST, shared=True)


def test_a_submission_that_was_damaged_is_whole_again_after_the_next_attempts(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST, {"unasked": 2})
    path = run.path / "submission.json"
    simple = path.read_bytes()
    other = [dataclasses.replace(a, attempt_1=a.attempt_2) for t in TASKS[:2] for a in vote([], t)]
    first, second = SharedRun(run.path, (0,)), SharedRun(run.path, (1,))
    assert [task.id for task in second.tasks()] == [TASKS[1].id]

    def put(attempts: Sequence[Attempt]) -> None:
        for share, task in zip((first, second), TASKS, strict=False):
            share.submit(json.loads(submission_json([a for a in attempts if a.task_id == task.id])))

    put(other)
    both = path.read_bytes()
    assert both != simple
    put([a for t in TASKS[:2] for a in vote([], t)])
    assert path.read_bytes() == simple
    for damage in (b"", b"[]", b"{", simple[:40], json.dumps({"flip": [], "turn": {}}).encode()):
        path.write_bytes(damage)
        put(other)
        assert path.read_bytes() == both
    validate(json.loads(both), TASKS)


def test_one_whose_groups_were_taken_writes_no_more(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST)
    with sharing(run, Share(1, 2)) as own:
        (run.path / "group_002.lock").write_text(json.dumps({"pid": 7, "host": "b", "since": "now", "token": "x"}))
        before = (run.path / "submission.json").read_bytes()
        with pytest.raises(RunError, match="process 7 on b"):
            own.submit({})
        with pytest.raises(RunError, match="process 7 on b"):
            next(own.places())
    assert (run.path / "submission.json").read_bytes() == before


def test_shares_that_begin_a_run_together_all_have_their_groups(tmp_path: Path) -> None:
    # Nobody lets go of groups before all have come, on however busy a machine.
    path, everyone = tmp_path / "run", threading.Barrier(8)

    def begin(number: int) -> tuple[int, ...]:
        run = RunDir.create(path, SMALL, TASKS, MANIFEST, shared=True)
        with sharing(run, Share(number, 8)) as own:
            everyone.wait(60)
            return own.indices

    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            assert sorted(index for one in pool.map(begin, range(1, 9)) for index in one) == [0, 1, 2]
        shutil.rmtree(path)


def test_a_plan_writes_the_submission_of_a_run_that_left_tasks_out(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", SMALL, TASKS, MANIFEST, {"another": 2})
    assert _writing_the_submission(run, tmp_path) > 0
