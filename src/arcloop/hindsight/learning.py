"""What a group's search found → its adapter: select, relabel, train.

Choosing programs and running them again happens at once; training goes through ``Background``, and may
run beside the next group's search. The group is done when it is trained.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arcloop.config import Config
from arcloop.execution.port import Executor
from arcloop.hindsight.anchors import Anchors
from arcloop.hindsight.curation import Curator
from arcloop.hindsight.filters import Drop, wording
from arcloop.hindsight.relabel import example
from arcloop.progress import Progress
from arcloop.prompts.format import PromptFormat
from arcloop.records import Example
from arcloop.runs.numbers import GroupNumbers, LearningNumbers
from arcloop.runs.rundir import Place, RunDir
from arcloop.runs.seals import Seals
from arcloop.search.background import Background, Took
from arcloop.search.budget import Budget
from arcloop.search.group import Searched
from arcloop.seeds import generator
from arcloop.training import Fit, Fitting, Trainer

__all__ = ["LearningContext", "learn_group"]


@dataclass(frozen=True)
class LearningContext:
    """What all learnings of a run have in common."""

    run: RunDir
    config: Config
    format: PromptFormat
    executor: Executor
    trainer: Trainer
    anchors: Anchors
    progress: Progress
    budget: Budget
    background: Background


def learn_group(context: LearningContext, place: Place, searched: Searched) -> None:
    """Begin to learn: from the beginning on the best of all rounds, or from the last adapter on those just found."""
    start = time.monotonic()
    examples, dropped = _curated(context, place, searched)
    seed = context.config.seed
    anchors = context.anchors.rows(len(examples), generator(seed, "anchors", place.round, place.tasks[0].id))
    files = place.group.write_examples(examples, anchors)
    place.group.clear_adapter()
    piece = _Training(context, place, searched, examples, anchors, dropped, files, time.monotonic() - start)
    context.background.begin(place.index, piece.fit, piece.finish)


def _curated(context: LearningContext, place: Place, searched: Searched) -> tuple[list[Example], Counter[Drop]]:
    """The examples of all tasks of the group, and how many programs were dropped for what."""
    config, tasks, format_ = context.config, place.tasks, context.format
    refined = config.refine.share > 0 and config.relabel.refinements
    before = context.run.before(place) if config.restart or refined else []
    earlier = [c for group in before for c in group.candidates()]
    history = [*(earlier if config.restart else []), *searched.candidates]
    words = wording(format_.prompt_text(tasks[0], 0))
    curator = Curator(config.selection, config.relabel, config.seed, place.round, context.executor, words=words)
    examples: list[Example] = []
    dropped: Counter[Drop] = Counter()
    for task in tasks:
        taught, reasons = curator.curate(task, [c for c in history if c.program.task_id == task.id], tasks, earlier)
        examples += [example(hindsight, format_) for hindsight in taught]
        dropped += reasons
    return examples, dropped


@dataclass(frozen=True)
class _Training:
    """One group's training, which may run in another thread, and what is made of it in the main one."""

    context: LearningContext
    place: Place
    searched: Searched
    examples: Sequence[Example]
    anchors: Sequence[Example]
    dropped: Counter[Drop]
    files: Seals
    """The tables of the rows."""
    curation: float
    """Seconds that choosing and relabeling took."""

    def fit(self) -> Fit:
        """Train. Nothing else may be done here: it runs beside the next search, and no program may."""
        context, place = self.context, self.place
        rows = [*self.examples, *self.anchors]
        return context.trainer.fit(Fitting(rows, self._first(), place.group.adapter, self._rng(), self._on_step))

    def finish(self, fit: Fit, took: Took) -> None:
        """Store the numbers, and mark the group as done."""
        self.context.run.check_held()
        self.context.progress.fact("learning", None)
        self.context.budget.spend_learning(self.curation + took.seconds - took.beside)
        learning = LearningNumbers(
            examples=len(self.examples),
            anchors=len(self.anchors),
            dropped={drop.value: count for drop, count in self.dropped.items()},
            trained_rows=fit.rows,
            too_long_rows=fit.dropped,
            steps=fit.steps,
            losses=tuple(round(loss, 5) for loss in fit.losses),
            adapter_change=round(fit.change, 6),
            adapter_norm=round(fit.norm, 6),
            curate_seconds=round(self.curation, 3),
            learn_seconds=round(self.curation + took.seconds, 3),
            overlap_seconds=round(took.beside, 3),
            files=self.files | self.place.group.adapter_seals(),
        )
        self.place.group.finish(GroupNumbers(self.searched.numbers, learning))

    def _first(self) -> Path | None:
        """The adapter to go on from; None = the base model."""
        config, adapter = self.context.config, self.searched.numbers.adapter
        if config.restart or adapter is None:
            return None if config.adapter is None else Path(config.adapter)
        return self.context.run.path / adapter

    def _rng(self) -> random.Random:
        return generator(self.context.config.seed, "train", self.place.round, self.place.tasks[0].id)

    def _on_step(self, step: int, steps: int, loss: float) -> None:
        self.context.progress.fact("learning", f"step {step}/{steps}, loss {loss:.3f}")
        self.context.budget.check()
        self.context.background.go_on()
