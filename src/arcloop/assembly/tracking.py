"""What a run or a training comes to, told to an experiment tracker while it goes on, through accelerate's trackers.

Nothing leaves the machine unless its user has said so: TensorBoard writes files, trackio has a database of its own, and wandb
is offline where ``WANDB_MODE`` says nothing else. What is told changes nothing in the run.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from arcloop.errors import ConfigError
from arcloop.runs.numbers import GroupNumbers, RunNumbers
from arcloop.runs.rundir import RunDir
from arcloop.search.health import per_round

if TYPE_CHECKING:
    from accelerate.tracking import GeneralTracker

__all__ = ["RunTracking", "Tracker", "TrackerName", "open_tracker"]

TrackerName = Literal["none", "trackio", "wandb", "tensorboard"]
"""Trackers that can be asked for."""


@dataclass(frozen=True)
class Tracker:
    """A tracker that is told numbers."""

    tracker: "GeneralTracker"

    def log(self, values: Mapping[str, Any], step: int) -> None:
        """Tell it the numbers among the values that are known."""
        known = {name: value for name, value in values.items() if value is not None}
        self.tracker.log(known, step=step)

    def close(self) -> None:
        """Write what it holds."""
        self.tracker.finish()


def open_tracker(name: TrackerName, folder: Path) -> Tracker | None:
    """The tracker of a name, which keeps its files in ``folder`` if it has any; None for ``none``.

    Raises:
        ConfigError: it is not installed.
    """
    if name == "none":
        return None
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers  # here, because it imports torch

    if name not in [str(tracker) for tracker in get_available_trackers()]:
        raise ConfigError(
            f"report-to is {name}, which is not installed; expected none or an installed tracker — pip install {name}"
        )
    os.environ.setdefault("WANDB_MODE", "offline")
    kind = LOGGER_TYPE_TO_CLASS[name]
    tracker = kind("arcloop", str(folder)) if kind.requires_logging_directory else kind("arcloop")
    if hasattr(tracker, "start"):
        tracker.start()
    return Tracker(tracker)


@dataclass
class RunTracking:
    """Tells of each round of each group once it is done, and of the outcome; what was done when it began is not told again.

    Steps count rounds of groups, in the order in which they are searched, from 1.
    """

    run: RunDir
    tracker: Tracker
    told: set[int] = field(default_factory=set)
    """Steps that have been told."""

    def __post_init__(self) -> None:
        self._places = list(self.run.places())
        self.told |= {step for step, place in enumerate(self._places, 1) if place.group.done}

    def catch_up(self) -> None:
        """Tell of what has been done since the last call.

        Raises:
            RunError: the numbers of a group are damaged.
        """
        for step, place in enumerate(self._places, 1):
            if step not in self.told and place.group.done:
                self.told.add(step)
                self.tracker.log(_group(place.group.numbers()), step)
                self._round(place.round, step)

    def conclude(self, numbers: RunNumbers) -> None:
        """Tell of the outcome."""
        run = numbers.run
        shares = {name: getattr(run, name) for name in ("valid_outputs", "unique_outputs", "pixel_similarity")}
        shares |= {"train_pass_at_n": run.train_pass_at_n, "pass_at_n": run.pass_at_n, "solved_at_2": run.solved_at_2}
        values = {f"run/{name}": value for name, value in shares.items()}
        self.tracker.log(values | {"run/programs": run.programs, "run/seconds": numbers.seconds}, len(self._places))

    def _round(self, round_: int, step: int) -> None:
        """Tell of a round, if all of its groups are done."""
        places = [place for place in self._places if place.round == round_]
        if not all(place.group.done for place in places):
            return
        groups = [place.group.numbers() for place in places]
        (health,) = per_round({round_: groups})
        earlier = [place.group.numbers() for place in self._places if place.round <= round_]
        solved = {task_id for numbers in earlier for task_id in numbers.search.solved}
        values = {name: getattr(health, name) for name in ("hard_coded", "discoveries", "stopped_tasks", "rolled_back")}
        values |= {name: getattr(health, name) for name in ("adapter_norm", "loss", "search_seconds", "learn_seconds")}
        values |= _searches(groups) | {"number": round_ + 1, "solved_tasks": len(solved)}
        self.tracker.log({f"round/{name}": value for name, value in values.items()}, step)


def _group(numbers: GroupNumbers) -> dict[str, Any]:
    values = _searches([numbers]) | {"solved_tasks": len(numbers.search.solved), "seconds": numbers.seconds}
    if (learning := numbers.learning) is not None:
        values |= {"examples": learning.examples, "steps": learning.steps, "adapter_norm": learning.adapter_norm}
        values |= {"loss": learning.losses[-1] if learning.losses else None, "learn_seconds": learning.learn_seconds}
    return {f"group/{name}": value for name, value in values.items()}


def _searches(groups: list[GroupNumbers]) -> dict[str, Any]:
    """Counts and shares over the searches of groups."""
    searches = [numbers.search for numbers in groups]
    grids = [pair for search in searches for pair in search.validity.values()]
    asked, complete = sum(pair[1] for pair in grids), sum(search.complete for search in searches)
    return {
        "completions": sum(search.completions for search in searches),
        "programs": sum(search.programs for search in searches),
        "tokens": sum(search.tokens for search in searches),
        "valid_outputs": sum(pair[0] for pair in grids) / asked if asked else None,
        "unique_outputs": sum(search.unique for search in searches) / complete if complete else None,
        "search_seconds": sum(search.search_seconds for search in searches),
    }
