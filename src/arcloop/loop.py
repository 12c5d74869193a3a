"""The method, on one page: search and learn, in a tight loop.

Every round, for every group of tasks: search (prompt, sample, extract, execute, score), relabel,
train. The loop holds tasks without the answers of their test pairs; what it does follows from the
run's configuration and tasks alone, unless time is short. Everything it makes is in the run directory,
from which an interrupted run goes on, and which at every moment holds a submission of the best so far.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from arcloop.execution.port import Executor
from arcloop.hindsight.anchors import Anchors
from arcloop.hindsight.learning import LearningContext, learn_group
from arcloop.progress import Progress
from arcloop.runs.numbers import GroupNumbers
from arcloop.runs.rundir import Place, RunDir
from arcloop.sampling import Sampler
from arcloop.search.background import Background
from arcloop.search.budget import Budget
from arcloop.search.group import SearchContext, Searched, search_group, stored_search, take_over
from arcloop.search.standing import Standing
from arcloop.training import Trainer

__all__ = ["Loop"]


@dataclass
class Loop:
    """One run's search and learning."""

    run: RunDir
    sampler: Sampler
    executor: Executor
    trainer: Trainer | None
    """None where nothing is trained (random programs, a replay, ``learn`` off): further rounds are further searches."""
    progress: Progress
    anchors: Anchors | None = None
    """Where anchor rows come from; None = from what the configuration says that needs no file."""
    budget: Budget | None = None
    """None = what the configuration says, without a deadline."""
    apart: bool = False
    """Do sampler and trainer share neither network nor device, so that a group can learn while the next is searched?"""
    by_rounds: bool = False
    """Does it cost time to hand the device from sampler to trainer, so that all groups are searched before the first learns?"""
    on_place: Callable[[], None] = lambda: None
    """Is called whenever something may have been done, in this thread."""

    def __post_init__(self) -> None:
        run, config, format_ = self.run, self.run.config(), self.sampler.format
        self.purse = self.budget or Budget(config.budget)
        self.standing = Standing(run.tasks(), config.stopping)
        self.background = Background(beside=self.apart and config.overlap)
        self.searching = SearchContext(
            run, config, self.sampler, self.executor, self.progress, self.standing, self.purse, self.background.check
        )
        anchors = self.anchors or Anchors(config.anchors, format_)
        self.learning: LearningContext | None = None
        if self.trainer is not None:
            self.learning = LearningContext(
                run, config, format_, self.executor, self.trainer, anchors, self.progress, self.purse, self.background
            )

    def search_and_learn(self) -> None:
        """Do all rounds of the run that are not done yet.

        Raises:
            DeadlineError: the budget's deadline came first; what was found until then is stored.
        """
        with self.background:
            for turn in self.turns():
                for place in turn:
                    if place.group.done:
                        self.pass_over(place)
                    else:
                        self.search(place)
                for place in turn:
                    if not place.group.done:
                        self.learn(place)
                    self.on_place()
            self.background.wait()
            self.on_place()

    def turns(self) -> Iterator[list[Place]]:
        """What is searched before any of it is learned from: one group of a round after the other, or all of a round."""
        if not self.by_rounds:
            return ([place] for place in self.run.places())
        return (list(places) for _, places in groupby(self.run.places(), key=lambda place: place.round))

    def search(self, place: Place) -> None:
        """Search with the adapter of the round before; the group is done after it where nothing is to be learned."""
        self.purse.check()
        if self.background.doing(place.index):
            self.await_learning(place.round)  # this search is done with its adapter
        self.progress.stage(f"round {place.round + 1}/{self.searching.config.rounds} · search")
        searched = search_group(self.searching, place)
        self.await_learning(place.round + 1)
        last = place.last or not self.worth_learning(place)
        if self.learning is None or last:
            # What is replayed was learned there: the next search tries it out and goes on as it did there.
            replayed = self.learning is None and not last and self.searching.config.sampler == "replay"
            self.run.check_held()
            place.group.finish(GroupNumbers(searched.numbers, None, replayed))
        elif self.by_rounds:
            self.purse.put_off_learning()

    def learn(self, place: Place) -> None:
        """Learn from what was found; the group is done after it."""
        if self.learning is not None:
            self.progress.stage(f"round {place.round + 1}/{self.searching.config.rounds} · learn")
            learn_group(self.learning, place, stored_search(place))

    def pass_over(self, place: Place) -> None:
        """Count what an earlier call has done."""
        numbers = place.group.numbers()
        take_over(self.searching, place, Searched(numbers.search, place.group.candidates()))
        if (learning := numbers.learning) is not None:
            self.purse.spend_learning(learning.learn_seconds - learning.overlap_seconds)

    def await_learning(self, round_: int) -> None:
        """Let the group that is learning, if there is one, come to its end; ``round_`` counts from 1."""
        if self.background.doing():
            self.progress.stage(f"round {round_}/{self.searching.config.rounds} · learn")
            self.background.wait()

    def worth_learning(self, place: Place) -> bool:
        """Is a task of the group open, and anything left to search it with?"""
        return not self.purse.over(place) and not all(self.standing.done(task.id) for task in place.tasks)
