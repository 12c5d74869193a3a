"""A run directory → what is left of the run, its outcome, and what can be made of it."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from arcloop.assembly.beginning import begin
from arcloop.assembly.parts import make_parts
from arcloop.assembly.spreading import spread
from arcloop.config import ClusterConfig, Config, PromptConfig, RelabelConfig, SelectionConfig
from arcloop.errors import ArcloopError
from arcloop.evaluation.outcome import conclude
from arcloop.execution import Sandbox
from arcloop.hindsight.curation import runs_programs
from arcloop.hindsight.dataset import Made, make_dataset
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Answers, Candidate, Task
from arcloop.report.page import write_report
from arcloop.runs.lock import LOCK, locked
from arcloop.runs.numbers import RunNumbers
from arcloop.runs.origin import check_origin
from arcloop.runs.readme import write_readme
from arcloop.runs.rundir import RunDir
from arcloop.runs.shares import Share, SharedRun, outcome_locked, sharing
from arcloop.search.budget import Budget, DeadlineError, moment
from arcloop.tasks.sets import load_answers

__all__ = ["Run", "answers_of", "carry_on", "evaluate", "relabel", "run"]

Tell = Callable[[str], None]
"""Is told a line of what happens."""


@dataclass(frozen=True)
class Run:
    """A run, finished or not, as its folder has it."""

    path: Path
    """The folder."""
    directory: RunDir = field(init=False, repr=False)
    """All of its files."""

    def __post_init__(self) -> None:
        """Open the folder.

        Raises:
            RunError: it is none of a run.
        """
        object.__setattr__(self, "path", Path(self.path))
        object.__setattr__(self, "directory", RunDir.open(self.path))

    @property
    def config(self) -> Config:
        """The configuration, with all its defaults."""
        return self.directory.config()

    @property
    def tasks(self) -> list[Task]:
        """The tasks, without the answers of their test pairs."""
        return self.directory.tasks()

    @property
    def finished(self) -> bool:
        """Is every round done for every group of tasks?"""
        return self.directory.finished

    @property
    def numbers(self) -> RunNumbers:
        """The table of numbers, as it was last evaluated.

        Raises:
            RunError: it was not evaluated yet.
        """
        return self.directory.numbers()

    @property
    def submission(self) -> Mapping[str, Any]:
        """Task id → for each test grid ``attempt_1`` and ``attempt_2``, as Kaggle takes it; the best so far."""
        content: Mapping[str, Any] = self.directory.read("submission.json")
        return content

    def candidates(self, task_id: str | None = None) -> list[Candidate]:
        """Every program with its frame, execution and score, in the order of groups, rounds and draws; of one task or all."""
        groups = range(len(self.directory.groups()))
        found = [
            c for index in groups for _, group in self.directory.searched_groups(index) for c in group.candidates()
        ]
        return [c for c in found if task_id in (None, c.program.task_id)]

    def resume(
        self,
        deadline: str | float | None = None,
        *,
        console: Console | None = None,
        cluster: ClusterConfig | None = None,
    ) -> "Run":
        """Do what is left of the run, then evaluate it; returns the run itself.

        ``deadline``: seconds from now, or a time such as ``2026-05-01T18:30``; at it the run ends with what is there.
        ``console``: where progress is shown; None = nowhere. ``cluster``: which machines and devices work on it; None = this
        process. Interrupted with Ctrl-C, what is done is kept.

        Raises:
            ArcloopError: the model, the server or the sandbox cannot be had.
        """
        quiet = console or Console(quiet=True)
        # At the deadline what was found until then is stored, and the next call goes on.
        with contextlib.suppress(DeadlineError):
            end = None if deadline is None else moment(str(deadline), time.time())
            carry_on(self.directory, quiet, end, cluster=cluster)
        evaluate(self.directory, quiet)
        return self


def run(
    config: Config,
    out: str | Path,
    *,
    deadline: str | float | None = None,
    console: Console | None = None,
    cluster: ClusterConfig | None = None,
) -> Run:
    """Search and learn as ``config`` says, in the folder ``out``: a new run, or the rest of the same one.

    The other arguments are those of ``Run.resume``.

    Raises:
        ArcloopError: the tasks, the model or the sandbox cannot be had, or ``out`` holds something else.
    """
    return Run(begin(config, Path(out)).path).resume(deadline, console=console, cluster=cluster)


def relabel(
    of: Run,
    out: str | Path,
    selection: SelectionConfig | None = None,
    settings: RelabelConfig | None = None,
    *,
    model: str | None = None,
    template: str | None = None,
    rounds: int | None = None,
    confirm: bool = False,
    console: Console | None = None,
) -> Made:
    """Make a training set of a run's programs, each with the task that it does solve, in the folder ``out``.

    Args:
        of: The run, finished or not.
        out: A new or empty folder; ``hindsight.dataset`` says what is in it then.
        selection: Which programs; default: the 8 best of each task.
        settings: How they become rows.
        model: Whose words prompts are written in (``embedded``, a folder or a hub name); default: the run's model.
        template: Prompt template (``barc``, ``compact``, ``plain``, or the text of one); default: the model's, or the run's
            where its model is taken.
        rounds: Look at the first so many rounds only.
        confirm: Run what was chosen again, and drop what gives something else.
        console: Where progress is shown; None = nowhere.

    Raises:
        ArcloopError: the model's tokenizer cannot be had, no round is done, or ``out`` holds something.
    """
    from arcloop.model.language import load_tokenizer, prompt_format  # here, because these take seconds

    config, settings = of.config, settings or RelabelConfig()
    name = model or config.model
    prompt = PromptConfig() if model else config.prompt
    if template is not None:
        prompt = dataclasses.replace(prompt, template=template)
    format_ = prompt_format(name, load_tokenizer(name), prompt)
    with ExitStack() as stack:
        needed = confirm or runs_programs(settings)
        sandbox = stack.enter_context(Sandbox(config.execution)) if needed else None
        progress = stack.enter_context(Progress(console or Console(quiet=True), len(of.tasks), "tasks"))
        progress.stage("relabeling")
        return make_dataset(
            of.directory,
            Path(out),
            selection or SelectionConfig(),
            settings,
            format_,
            rounds=rounds,
            executor=sandbox,
            confirm=confirm,
            on_task=progress.advance,
        )


def carry_on(
    run: RunDir,
    console: Console,
    deadline: float | None = None,
    tell: Tell = lambda line: None,
    share: Share | None = None,
    cluster: ClusterConfig | None = None,
    on_place: Callable[[], None] = lambda: None,
) -> None:
    """Search and learn what is left of a run, or of a share of it.

    ``deadline``: seconds since 1970. ``tell``: of the tasks, the sandbox, and what was used of a server. ``cluster``: which
    machines and devices work on it; None = this process. ``on_place`` is called whenever a round of a group may have been
    done in this process.

    Raises:
        DeadlineError: the deadline came first; what was found until then is stored.
        ArcloopError: the model, the server or the sandbox cannot be had, or another process goes on with the run.
    """
    if share is None:
        if run.finished and (run.path / LOCK).exists():
            # Left by a process that was killed at its very end.
            with contextlib.suppress(ArcloopError), locked(run.path):
                pass
        if not run.finished:
            with locked(run.path, tell) as locks:
                run.sweep()
                if cluster is None:
                    # As a share of all groups, so that it finds out if it was taken for dead.
                    everything = SharedRun(run.path, tuple(range(len(run.groups()))), locks.check)
                    _carry_on(everything, console, deadline, tell, on_place)
                else:
                    _told(run, tell)
                    spread(run, cluster, console, deadline, tell)
    elif not all(place.group.done for place in run.places(share.groups(run))):
        with sharing(run, share, tell) as shared:
            shared.sweep(shared.indices)
            _carry_on(shared, console, deadline, tell, on_place)


def _told(run: RunDir, tell: Tell) -> None:
    """Make sure that it is the run that was begun, and say what it is."""
    check_origin(run)
    config, tasks, of = run.config(), run.tasks(), sum(map(len, run.groups()))
    some = f"{len(tasks)} of {of}" if len(tasks) < of else f"{of}"
    tell(f"arcloop: {some} tasks of {config.tasks}, {_origin(config)}, run in {run.path}")


def _carry_on(run: RunDir, console: Console, deadline: float | None, tell: Tell, on_place: Callable[[], None]) -> None:
    _told(run, tell)
    config, tasks, of = run.config_now(), run.tasks(), sum(map(len, run.groups()))
    with Sandbox(config.execution) as sandbox:
        tell(f"sandbox: {sandbox.protection} protection")
        # The rounds of a file are those of all tasks, also in a share of them.
        held = [task for group in run.groups() for task in group] if config.sampler == "imported" else tasks
        with make_parts(config, held, tell) as parts:
            if parts.trainer is None and config.rounds > 1 and config.sampler != "imported":
                tell(f"nothing here learns: {config.rounds} rounds are {config.rounds} searches")
            total = len(tasks) * config.rounds * config.programs
            budget = Budget(config.budget, deadline, share=len(tasks) / of)
            try:
                with Progress(console, total, "programs") as progress:
                    Loop(
                        run,
                        parts.sampler,
                        sandbox,
                        parts.trainer,
                        progress,
                        parts.anchors,
                        budget,
                        parts.apart,
                        parts.by_rounds,
                        on_place,
                    ).search_and_learn()
            finally:
                # What memory did not allow is not tried again when the run is gone on with.
                run.remember(parts.spared())
                if summary := parts.summary():
                    tell(summary)


def evaluate(run: RunDir, console: Console, tell: Tell = lambda line: None) -> RunNumbers:
    """Write submission, numbers, card and report from what is done, and return the numbers.

    Raises:
        RunError: a table of the run cannot be read.
    """
    with Progress(console, len(run.groups()), "groups") as progress:
        progress.stage("voting and counting")
        with outcome_locked(run):
            answers = answers_of(run, tell)
            numbers = conclude(run, answers, progress.advance)
            write_readme(run)
            write_report(run, answers, numbers)
    return numbers


def _origin(config: Config) -> str:
    """Where the completions come from, in words."""
    if config.sampler == "imported":
        return f"programs of the file {config.source}"
    if config.source is not None:
        return f"completions of the run {config.source}"
    if config.sampler == "grammar":
        return "random programs of the grammar"
    return f"model {config.model}" + (f" with adapter {config.adapter}" if config.adapter else "")


def answers_of(run: RunDir, tell: Tell = lambda line: None) -> Answers:
    """The answers of the run's task set, as far as they can be had; ``tell``: of it where they cannot."""
    try:
        return load_answers(run.config().tasks)
    except ArcloopError as error:
        # The task files may have moved since: the submission does not need them, the numbers do without.
        tell(f"without answers, so without pass@n and solved@2: {error}")
        return {}
