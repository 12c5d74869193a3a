"""The method, on one page: search and learn, in a tight loop.

Every round, for every group of tasks: search (prompt, sample, extract, execute, score), relabel,
train. The loop holds tasks without the answers of their test pairs; what it does follows from the
run's configuration and tasks alone, unless time is short. Everything it makes is in the run
directory, from which an interrupted run goes on where it stopped, and which at every moment holds
a submission of the best so far.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcloop.execution.port import Executor
from arcloop.hindsight.anchors import Anchors
from arcloop.hindsight.curation import Curator
from arcloop.hindsight.filters import Drop, wording
from arcloop.hindsight.relabel import example
from arcloop.progress import Progress
from arcloop.records import Candidate, Example, Task
from arcloop.runs.rundir import GroupDir, RunDir
from arcloop.sampling import Sampler
from arcloop.search.background import Background, Took
from arcloop.search.budget import Budget, DeadlineError
from arcloop.search.group import Adapters, Pursuit
from arcloop.search.heat import heats
from arcloop.search.refinement import parents
from arcloop.search.standing import Standing
from arcloop.search.waves import Search
from arcloop.seeds import generator
from arcloop.training import Fit, Trainer

__all__ = ["Executor", "Loop"]

_STORED_EVERY = 60.0
"""Seconds after which a search under way is stored, so that little is lost when the machine dies."""


@dataclass
class Loop:
    """One run's search and learning."""

    run: RunDir
    sampler: Sampler
    executor: Executor
    trainer: Trainer | None
    """None where there is nothing to train (random programs, a replay): further rounds are further searches."""
    progress: Progress
    anchors: Anchors | None = None
    """Where anchor rows come from; None = from what the configuration says that needs no file."""
    budget: Budget | None = None
    """None = what the configuration says, without a deadline."""
    apart: bool = False
    """Do sampler and trainer share neither network nor device, so that a group can learn while the next is searched?"""

    def __post_init__(self) -> None:
        self.config = self.run.config()
        self.anchor_rows = self.anchors or Anchors(self.config.anchors, self.sampler.format)
        self.purse = self.budget or Budget(self.config.budget)
        self.standing = Standing(self.run.tasks(), self.config.stopping)
        self.background = Background(beside=self.apart and self.config.overlap)

    def search_and_learn(self) -> None:
        """Do all rounds of the run that are not done yet.

        Raises:
            DeadlineError: the budget's deadline came first; what was found until then is stored.
        """
        with self.background:
            self.go_through_rounds()

    def go_through_rounds(self) -> None:
        """All groups of all rounds; the learning of one may still be under way while the next is searched."""
        config, rounds, groups = self.config, self.config.rounds, self.run.groups()
        ahead = rounds * sum(map(len, groups))
        for round_ in range(rounds):
            for index, tasks in enumerate(groups):
                group = self.run.group(round_, index)
                if group.done:
                    self.pass_over(group, tasks)
                else:
                    self.purse.check()
                    if self.background.doing(index):
                        self.await_learning(round_)  # this search is done with its adapter
                    self.progress.stage(f"round {round_ + 1}/{rounds} · search")
                    numbers, found = self.search(group, round_, index, tasks, ahead)
                    self.await_learning(round_ + 1)
                    last = round_ + 1 == rounds or not self.worth_learning(tasks, ahead - len(tasks))
                    if self.trainer is None:
                        # What is replayed was learned there: the next search tries it out and goes on as it did there.
                        numbers |= {} if last or config.source is None else {"steps": 0}
                    if self.trainer is None or last:
                        group.finish(numbers)
                    else:
                        self.progress.stage(f"round {round_ + 1}/{rounds} · learn")
                        self.learn(self.trainer, group, round_, index, tasks, found, numbers)
                ahead -= len(tasks)

    def pass_over(self, group: GroupDir, tasks: Sequence[Task]) -> None:
        """Count what an earlier call has done."""
        numbers = group.metrics()
        self.standing.add(group.candidates())
        self.purse.spend(numbers["completions"], numbers["tokens"], numbers["search_seconds"])
        self.purse.spend_learning(numbers.get("learn_seconds", 0.0) - numbers.get("overlap_seconds", 0.0))
        self.progress.advance(len(tasks) * self.config.programs, found=True)

    def search(
        self, group: GroupDir, round_: int, index: int, tasks: Sequence[Task], ahead: int
    ) -> tuple[dict[str, Any], list[Candidate]]:
        """Prompt, sample, extract, execute, score; store the records, return the numbers and the programs."""
        config, standing, start = self.config, self.standing, time.monotonic()
        before = group.numbers() if group.searched else None
        if before is not None and before["whole"]:
            found = group.candidates()
            standing.add(found)
            self.purse.spend(before["completions"], before["tokens"], before["search_seconds"])
            self.progress.advance(len(tasks) * config.programs, found=True)
            return before, found
        part = self.purse.part(len(tasks), ahead, learns=round_ + 1 < config.rounds)

        def seconds() -> float:
            return round(time.monotonic() - start + (before["search_seconds"] if before else 0.0), 3)

        def over(tokens: int) -> bool:
            return part.spent(tokens, seconds()) or self.purse.late

        earlier = self.found_before(round_, index) if config.refine.share else []
        shown = {task.id: parents(earlier, task) for task in tasks}
        heat = self.heat(round_, index)
        search = Search(config, self.sampler, self.executor, self.progress, round_, tasks, over, shown, heat)
        if before is None:
            group.clear()
        else:
            search.take_up(group)
        planned = len(tasks) * config.programs
        left = 0 if part.empty else planned if part.programs is None else min(planned, part.programs)
        adapters = self.adapters(round_, index)
        pursuit = Pursuit(config, search, self.sampler, standing, self.progress, tasks, adapters, left)
        due = start + _STORED_EVERY

        def store(whole: bool) -> dict[str, Any]:
            search.write(group)
            names = {"adapter": self.name(pursuit.adapter), "rolled_back": self.name(pursuit.rolled_back)}
            numbers = {"whole": whole, **pursuit.numbers(), **names, "heat": heat, "search_seconds": seconds()}
            group.write_numbers(numbers)
            standing.write(self.run)
            return numbers

        def between() -> None:
            nonlocal due
            self.background.check()
            if (now := time.monotonic()) >= due:
                store(False)
                due = time.monotonic() + max(_STORED_EVERY, 20 * (time.monotonic() - now))

        whole = False
        try:
            pursuit.go(between)
            whole = not (search.cut and self.purse.late)
        finally:
            numbers = store(whole)
        if not whole:
            raise DeadlineError
        self.purse.spend(numbers["completions"], numbers["tokens"], numbers["search_seconds"])
        self.progress.advance(max(0, planned - search.taken.total()), found=True)
        return numbers, search.candidates()

    def learn(
        self,
        trainer: Trainer,
        group: GroupDir,
        round_: int,
        index: int,
        tasks: Sequence[Task],
        found: Sequence[Candidate],
        numbers: dict[str, Any],
    ) -> None:
        """Select, relabel, train: from the base model on the best of all rounds, or from the last adapter on those just found.

        ``numbers``: those of the search. The group is done once it is trained, which may be during the next search.
        """
        start, config, words = time.monotonic(), self.config, self.sampler.format
        refined = config.refine.share > 0 and config.relabel.refinements
        earlier = self.found_before(round_, index) if config.restart or refined else []
        history = [*(earlier if config.restart else []), *found]
        shown = wording(words.prompt_text(tasks[0], 0))
        curator = Curator(config.selection, config.relabel, config.seed, round_, self.executor, words=shown)
        examples: list[Example] = []
        dropped: Counter[Drop] = Counter()
        for task in tasks:
            taught, reasons = curator.curate(task, [c for c in history if c.program.task_id == task.id], tasks, earlier)
            examples += [example(hindsight, words) for hindsight in taught]
            dropped += reasons
        rows = self.anchor_rows.rows(len(examples), generator(config.seed, "anchors", round_, tasks[0].id))
        group.write_examples(examples, rows)
        group.clear_adapter()
        curation = time.monotonic() - start
        rng = generator(config.seed, "train", round_, tasks[0].id)
        adapter = numbers["adapter"]
        first = None if config.restart or adapter is None else self.run.path / adapter

        def on_step(step: int, steps: int, loss: float) -> None:
            self.progress.fact("learning", f"step {step}/{steps}, loss {loss:.3f}")
            self.purse.check()
            self.background.go_on()

        def fit() -> Fit:
            # Nothing else may be done here: it runs beside the next search, and no program may.
            return trainer.fit([*examples, *rows], first, group.adapter, rng, on_step)

        def finish(fit: Fit, took: Took) -> None:
            self.progress.fact("learning", None)
            self.purse.spend_learning(curation + took.seconds - took.beside)
            learned = {
                "examples": len(examples),
                "anchors": len(rows),
                "dropped": dict(dropped),
                "trained_rows": fit.rows,
                "too_long_rows": fit.dropped,
                "steps": fit.steps,
                "losses": [round(loss, 5) for loss in fit.losses],
                "adapter_change": round(fit.change, 6),
                "adapter_norm": round(fit.norm, 6),
                "curate_seconds": round(curation, 3),
                "learn_seconds": round(curation + took.seconds, 3),
                "overlap_seconds": round(took.beside, 3),
            }
            group.finish(numbers | learned)

        self.background.begin(index, fit, finish)

    def await_learning(self, round_: int) -> None:
        """Let the group that is learning, if there is one, come to its end; ``round_`` counts from 1."""
        if self.background.doing():
            self.progress.stage(f"round {round_}/{self.config.rounds} · learn")
            self.background.wait()

    def found_before(self, round_: int, index: int) -> list[Candidate]:
        """The programs of a group's earlier rounds."""
        return [c for r in range(round_) for c in self.run.group(r, index).candidates()]

    def heat(self, round_: int, index: int) -> dict[str, float]:
        """Task id → what its temperatures are multiplied by in a round, where that is more than 1."""
        if round_ == 0 or not self.config.sampling.diversity:
            return {}
        before = self.run.group(round_ - 1, index)
        return heats(before.numbers()["heat"], before.candidates(), self.config.sampling.diversity)

    def worth_learning(self, tasks: Sequence[Task], ahead: int) -> bool:
        """Is a task of the group open, and anything left to search it with?"""
        left = self.purse.part(len(tasks), ahead, learns=False)
        return not left.empty and not all(self.standing.done(task.id) for task in tasks)

    def adapters(self, round_: int, index: int) -> Adapters:
        """What the rounds before have left for the search of this one."""
        if round_ == 0:
            return Adapters(None, Path(self.config.adapter) if self.config.adapter else None, ())
        before = self.run.group(round_ - 1, index)
        numbers = before.metrics()
        kept = None if numbers["adapter"] is None else self.run.path / numbers["adapter"]
        earlier = tuple(self.run.group(r, index).numbers()["validity"] for r in range(round_))
        return Adapters(before.adapter if "steps" in numbers else None, kept, earlier)

    def name(self, adapter: Path | None) -> str | None:
        """An adapter's folder inside the run; the whole path of one that the run was given."""
        if adapter is None or not adapter.is_relative_to(self.run.path):
            return None if adapter is None else str(adapter)
        return str(adapter.relative_to(self.run.path))
