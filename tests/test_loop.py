"""The whole loop on fakes: what it stores, that it resumes, and what it may look at."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from arcloop.config import Config, Policy, RelabelConfig, SamplingConfig, SelectionConfig, StoppingConfig
from arcloop.errors import RunError
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Candidate, Completion, Example, Execution, FinishReason, Job, Pair, Status, Task
from arcloop.report.page import write_report
from arcloop.runs.lock import locked
from arcloop.runs.origin import check_origin
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Request, UnderWay, untold
from arcloop.search.standing import Standing
from arcloop.submission.kaggle import validate
from arcloop.training import Fit, Fitting
from tests.arc_grids import FLIP, grid
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer
from tests.report.reading import shown_programs

TURN = Task("turn", (Pair(grid("12", "30"), grid("03", "21")), Pair(grid("45"), grid("54"))), (grid("67", "80"),))
TASKS = [FLIP, TURN, dataclasses.replace(TURN, id="again")]
CONFIG = Config("fakes", rounds=3, programs=20, group_size=2, seed=4, selection=SelectionConfig(k=3))
ANSWERS = {"flip": (grid("765"), grid("21", "43")), "turn": (grid("08", "76"),)}


class Parts:
    """The fakes of one run."""

    def __init__(self) -> None:
        self.sampler, self.executor, self.trainer = FakeSampler(), FakeExecutor(), FakeTrainer()

    def run(self, path: Path, config: Config = CONFIG) -> RunDir:
        run = RunDir.create(path, config, TASKS, MANIFEST)
        with Progress(Console(quiet=True), 100, "programs") as progress:
            Loop(run, self.sampler, self.executor, self.trainer, progress).search_and_learn()
        return run

    def stop_learning(self, at: int = 0) -> None:
        """Have Ctrl-C come while it learns for the time number ``at``, counted from 0."""
        fit = self.trainer.fit

        def stopped(asked: Fitting) -> Fit:
            if len(self.trainer.fits) == at:
                raise KeyboardInterrupt
            return fit(asked)

        self.trainer.fit = stopped  # type: ignore[method-assign]


def everything(run: RunDir) -> list[Candidate]:
    """Every program of a run."""
    return [c for i in range(len(run.groups())) for _, group in run.done_groups(i) for c in group.candidates()]


def finish(run: RunDir) -> dict[str, bytes]:
    """Files of a finished run that must not depend on how it came about: all but those with times in them."""
    conclude(run, ANSWERS)
    write_report(run)
    names = ("prompts", "completions", "programs", "executions", "scores", "examples")
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in sorted(run.path.rglob("*"))
        if path.stem in names or path.name in ("submission.json", "learned")
    }


def test_draws_at_which_a_server_failed_are_stored_and_counted_apart(tmp_path: Path) -> None:
    class Failing(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            for k, completion in enumerate(super().sample(requests, under_way)):
                failed = {
                    "text": "500: def transform(grid): busy",
                    "finish_reason": FinishReason.ERROR,
                    "logprob": math.nan,
                }
                yield completion if k % 4 else dataclasses.replace(completion, **failed)  # type: ignore[arg-type]

    parts = Parts()
    parts.sampler = Failing()
    run = parts.run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    stored = [c for i in range(len(run.groups())) for c in run.group(0, i).completions()]
    failed = [c for c in stored if c.finish_reason is FinishReason.ERROR]
    assert len(stored) == 60 and len(failed) == 15 and all(math.isnan(c.logprob) for c in failed)
    assert sum(run.group(0, i).search_numbers().failed_completions for i in range(2)) == 15
    assert conclude(run, ANSWERS).run.programs == 45
    assert not {c.id for c in failed} & {c.program.completion_id for c in everything(run)}


def test_the_loop_searches_learns_and_solves(tmp_path: Path) -> None:
    parts = Parts()
    run = parts.run(tmp_path / "run")
    finish(run)
    numbers = run.numbers()
    assert [row.programs for row in numbers.rounds] == [60, 60, 60]
    assert numbers.run.train_pass_at_n == 1
    assert numbers.run.solved_at_2 == 1
    assert numbers.tasks["again"].hits is None  # no answers were given for it
    # Two groups learn after each of the first two rounds, from examples, and the next search uses what they learned.
    assert len(parts.trainer.fits) == 4 and all(parts.trainer.fits)
    assert parts.sampler.adapters == [
        None,
        None,
        *(run.group(r, g).adapter for r in (0, 1) for g in (0, 1)),
    ]
    assert "solved, with two attempts for each test grid" in (run.path / "report.html").read_text()


def test_learning_is_from_programs_of_all_rounds_once_each(tmp_path: Path) -> None:
    parts = Parts()
    parts.run(tmp_path / "run")
    examples: list[Example]
    for examples in parts.trainer.fits:
        assert len({example.id for example in examples}) == len(examples)
        for task in TASKS:
            assert sum(example.task_id == task.id for example in examples) <= 3


def test_a_program_that_gives_something_else_again_neither_solves_nor_teaches(tmp_path: Path) -> None:
    parts = Parts()
    parts.executor.unsteady = {"mirror", "tumble", "turn"}  # what solves the tasks, in one frame or another
    run = parts.run(tmp_path / "run")
    finish(run)
    assert run.numbers().run.train_pass_at_n == 0
    assert run.group(0, 0).search_numbers().solved == ()
    unsteady = [c for c in everything(run) if c.execution.status is Status.NONDETERMINISTIC]
    assert unsteady and not any(c.score.perfect for c in unsteady)
    taught = {example.completion for examples in parts.trainer.fits for example in examples}
    assert taught and all("shift" in text for text in taught)
    dropped = [run.group(r, g).numbers().learning.dropped for r in (0, 1) for g in (0, 1)]
    assert any(reasons.get("nondeterministic") for reasons in dropped)


def test_a_run_killed_while_learning_or_before_it_is_marked_done_resumes(tmp_path: Path) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))

    class Killed(Parts):
        def __init__(self, after_mkdir: bool) -> None:
            super().__init__()

            def fit(asked: Fitting) -> Fit:
                if after_mkdir:
                    asked.out.mkdir()
                    (asked.out / "learned").write_text("half")
                raise KeyboardInterrupt

            self.trainer.fit = fit  # type: ignore[method-assign, assignment]

    for after_mkdir in (True, False):
        path = tmp_path / str(after_mkdir)
        with pytest.raises(KeyboardInterrupt):
            Killed(after_mkdir).run(path)
        assert not RunDir.open(path).group(0, 0).done
        assert finish(Parts().run(path)) == whole


def test_a_run_killed_at_its_very_beginning_begins_again(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    (run.path / "config.json").unlink()
    (run.path / ".manifest.json.tmp").write_text("half")
    finish(Parts().run(run.path))


def test_a_beginning_that_has_done_nothing_gives_way_to_another_run(tmp_path: Path) -> None:
    RunDir.create(tmp_path / "run", dataclasses.replace(CONFIG, model="no such model"), TASKS, MANIFEST)
    finish(Parts().run(tmp_path / "run"))


def test_a_changed_model_does_not_go_on_with_a_run(tmp_path: Path) -> None:
    run = RunDir.create(
        tmp_path / "run",
        dataclasses.replace(CONFIG, model="embedded"),
        TASKS,
        dataclasses.replace(MANIFEST, model_sha256="x"),
    )
    with pytest.raises(RunError, match="has changed since the run began"):
        check_origin(run)


def test_answers_that_do_not_fit_the_test_inputs_are_left_out(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    assert conclude(run, {"flip": ANSWERS["flip"][:1]}).tasks["flip"].hits is None


def test_a_run_stopped_anywhere_resumes_to_the_same_end(tmp_path: Path) -> None:
    whole = finish(Parts().run(tmp_path / "whole"))

    class StopError(Exception):
        pass

    for moment in (1, 30, 61, 100, 150):
        parts, count = Parts(), 0
        original = parts.executor._run

        def counted(job: object, original: object = original, moment: int = moment) -> object:
            nonlocal count
            count += 1
            if count == moment:
                raise StopError
            return original(job)  # type: ignore[operator]

        parts.executor._run = counted  # type: ignore[method-assign, assignment]
        path = tmp_path / f"stopped{moment}"
        with pytest.raises(StopError):
            parts.run(path)
        # At that moment, too, there is a valid submission.
        half = RunDir.open(path)
        finish(half)
        validate(half.read("submission.json"), TASKS)
        assert finish(Parts().run(path)) == whole


@pytest.mark.parametrize("failing", [0, 3])
def test_what_was_sampled_before_the_stop_is_not_sampled_again(tmp_path: Path, failing: int) -> None:
    """``failing``: every so many-th program is none, as with a model that does not know what is asked for."""

    def one_by_one(jobs: Iterable[Job]) -> Iterator[Execution]:
        for job in jobs:
            made = Parts().executor._run(job)
            none = failing and int(job.id[-2:]) % failing == 0
            outputs = (None,) * len(job.inputs)
            yield dataclasses.replace(made, status=Status.SYNTAX_ERROR, outputs=outputs) if none else made

    def fresh() -> Parts:
        parts = Parts()
        parts.executor.execute = one_by_one  # type: ignore[method-assign]
        return parts

    whole = finish(fresh().run(tmp_path / "whole"))
    parts, asked = fresh(), []

    def stopped(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """The server goes away within the first wave."""
        for number, completion in enumerate(FakeSampler().sample(requests, under_way)):
            if number == 13:
                raise KeyboardInterrupt
            asked.append(completion)
            yield completion

    parts.sampler.sample = stopped  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        parts.run(tmp_path / "run")
    kept = {c.id for c in RunDir.open(tmp_path / "run").group(0, 0).completions()}
    assert kept == {c.id for c in asked}

    parts, again = fresh(), []
    sample = parts.sampler.sample

    def noted(requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        again.extend(draw.completion_id for request in requests for draw in request.draws)
        return sample(requests, under_way)

    parts.sampler.sample = noted  # type: ignore[method-assign]
    assert finish(parts.run(tmp_path / "run")) == whole
    # Of a prompt whose draws are not all there, all are drawn anew.
    per_prompt = CONFIG.sampling.completions_per_prompt
    assert len(kept & set(again)) < per_prompt and len(kept - set(again)) >= len(kept) - per_prompt + 1


def test_a_finished_run_does_nothing_more(tmp_path: Path) -> None:
    Parts().run(tmp_path / "run")
    parts = Parts()
    parts.run(tmp_path / "run")
    assert parts.sampler.adapters == [] and parts.trainer.fits == []


def test_grouping_changes_no_search_of_the_first_round(tmp_path: Path) -> None:
    def programs(size: int) -> list[str]:
        config = dataclasses.replace(CONFIG, rounds=1, group_size=size)
        run = Parts().run(tmp_path / str(size), config)
        return sorted(f"{c.program.completion_id} {c.program.id}" for c in everything(run))

    assert programs(1) == programs(2) == programs(3)


def test_one_round_is_search_only(tmp_path: Path) -> None:
    parts = Parts()
    run = parts.run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    assert parts.trainer.fits == []
    assert not run.group(0, 0).adapter.exists()


def test_what_solves_the_train_pairs_or_is_trained_on_is_confirmed(tmp_path: Path) -> None:
    parts = Parts()
    run = parts.run(tmp_path / "run")
    perfect = {c.execution.id for c in everything(run) if c.score.perfect}
    # Anchors are of no program of this run.
    trained = {
        example.id for examples in parts.trainer.fits for example in examples if not example.id.startswith("anchor/")
    }
    assert trained and perfect | trained <= set(parts.executor.confirmed)


def test_prompts_that_do_not_fit_are_counted_and_skipped(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, rounds=1, sampling=SamplingConfig(max_prompt_tokens=1))
    run = Parts().run(tmp_path / "run", config)
    assert len(run.group(0, 0).search_numbers().skipped_prompts) == 6
    finish(run)
    validate(run.read("submission.json"), TASKS)


def test_a_folder_of_another_run_is_left_alone(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run")
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match=r"seed 4, not 5.*pass another --out"):
        RunDir.create(run.path, dataclasses.replace(CONFIG, seed=5), TASKS, MANIFEST)
    with pytest.raises(RunError, match="tasks_sha256"):
        RunDir.create(run.path, CONFIG, TASKS, dataclasses.replace(MANIFEST, tasks_sha256="other"))
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("mine")
    with pytest.raises(RunError, match=r"no config.json in it"):
        RunDir.create(tmp_path, CONFIG, TASKS, MANIFEST)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    (run.group(0, 0).path / "scores.parquet").write_bytes(b"torn")
    with pytest.raises(RunError, match=r"scores.parquet: not what was written"):
        finish(run)


def test_records_come_back_from_their_tables(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run")
    group = run.group(0, 0)
    prompts, completions = group.prompts(), group.completions()
    assert {c.prompt_id for c in completions} == {p.id for p in prompts}
    assert [c.id for c in completions] == sorted(c.id for c in completions)
    for candidate in group.candidates():
        assert candidate.execution.id == candidate.score.completion_id == candidate.program.completion_id
        assert all(output is None or output.dtype.name == "int8" for output in candidate.execution.outputs)
    assert group.examples()


def test_a_report_shows_hostile_text_as_text(tmp_path: Path) -> None:
    class Hostile(FakeSampler):
        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            for completion in super().sample(requests, under_way):
                yield dataclasses.replace(completion, text=completion.text + "  # <script>alert(1)</script>")

    parts = Parts()
    parts.sampler = Hostile()
    run = parts.run(tmp_path / "run", dataclasses.replace(CONFIG, rounds=1))
    finish(run)
    html = (run.path / "report.html").read_text()
    assert "<script>alert" not in html
    assert any("<script>alert(1)" in program["source"] for program in shown_programs(html))


@pytest.mark.parametrize("policy", ["all", "correct-only", "greedy-diverse", "prioritized", "uniform"])
def test_every_policy_and_way_of_relabeling_resumes_to_the_same_end(tmp_path: Path, policy: Policy) -> None:
    relabel = RelabelConfig(pairs="valid", frame="original", uses=2, simplify=True, comments=False, other_tasks=1)
    config = dataclasses.replace(
        CONFIG, rounds=2, group_size=3, selection=SelectionConfig(policy=policy, k=2), relabel=relabel
    )
    parts = Parts()
    whole = finish(parts.run(tmp_path / "whole", config))
    (examples,) = parts.trainer.fits
    assert examples and len({example.id for example in examples}) == len(examples)
    assert any("@" in example.id for example in examples) and any("/u1" in example.id for example in examples)
    half = Parts()
    half.stop_learning()
    with pytest.raises(KeyboardInterrupt):
        half.run(tmp_path / "half", config)
    assert finish(Parts().run(tmp_path / "half", config)) == whole


def test_a_resumed_search_that_is_stopped_at_once_keeps_what_was_stored(tmp_path: Path) -> None:
    class Stopped(FakeSampler):
        def __init__(self, calls: int) -> None:
            super().__init__()
            self.left = calls

        def use_adapter(self, folder: Path | None) -> None:
            if not self.left:
                raise KeyboardInterrupt
            super().use_adapter(folder)

        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            yield from super().sample(requests, under_way)

    config = dataclasses.replace(CONFIG, stopping=StoppingConfig(every=16))
    stored = []
    for calls in (3, 0, 0):
        parts = Parts()
        parts.sampler = Stopped(calls)
        with pytest.raises(KeyboardInterrupt):
            parts.run(tmp_path / "run", config)
        run = RunDir.open(tmp_path / "run")
        stored.append((len(run.group(0, 0).completions()), (run.path / "submission.json").read_bytes()))
    assert stored[0][0] >= 32 and stored == [stored[0]] * 3
    assert finish(Parts().run(tmp_path / "run", config)) == finish(Parts().run(tmp_path / "whole", config))


def test_what_a_group_has_found_stays_in_the_submission_while_another_goes_on(tmp_path: Path) -> None:
    run = Parts().run(tmp_path / "run")
    before = run.read("submission.json")
    simple = RunDir.create(tmp_path / "new", CONFIG, TASKS, MANIFEST).read("submission.json")
    assert all(before[task.id] != simple[task.id] for task in TASKS)
    standing = Standing(run.tasks(), CONFIG.stopping)
    standing.add(run.group(0, 0).candidates())
    standing.write(run)
    assert run.read("submission.json")["again"] == before["again"]  # of the other group
    (run.path / "submission.json").write_text("{")
    standing.write(run)
    validate(run.read("submission.json"), TASKS)


def test_a_beginning_that_somebody_goes_on_with_is_not_replaced(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", CONFIG, TASKS, MANIFEST)
    before = (run.path / "config.json").read_bytes()
    with locked(run.path), pytest.raises(RunError, match="goes on with it"):
        RunDir.create(run.path, dataclasses.replace(CONFIG, seed=99), TASKS, MANIFEST)
    assert (run.path / "config.json").read_bytes() == before
    RunDir.create(run.path, dataclasses.replace(CONFIG, seed=99), TASKS, MANIFEST)
    assert RunDir.open(run.path).config().seed == 99
    # Nor is it gone on with where a submission has to name other tasks besides.
    for unasked in ({"another": 2}, {"another": 1}, {}):
        begun = RunDir.create(run.path, dataclasses.replace(CONFIG, seed=99), TASKS, MANIFEST, unasked)
        assert begun.read("submission.json").keys() == {*(task.id for task in TASKS), *unasked}
        assert begun.unasked() == unasked
