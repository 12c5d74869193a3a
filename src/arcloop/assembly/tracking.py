"""What a run or a training comes to, told to an experiment tracker while it goes on, through accelerate's trackers.

At the end of a run its tables follow, and the adapters as artefacts where the tracker keeps some (trackio and wandb do).
Nothing leaves the machine unless its user has said so: TensorBoard writes files, trackio has a database of its own, and wandb
is offline where ``WANDB_MODE`` says nothing else. What is told changes nothing in the run.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from arcloop.errors import ConfigError
from arcloop.runs.numbers import GroupNumbers, Numbers, RunNumbers, TaskOutcome
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

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], step: int) -> None:
        """Tell it a table; TensorBoard, which has none, gets it as a text in Markdown."""
        if self.tracker.name == "tensorboard":
            text = "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in [columns, ["---"] * len(columns), *rows])
            self.tracker.tracker.add_text(name, text, step)
        elif self.tracker.name == "wandb":
            self.tracker.log_table(name, list(columns), [list(row) for row in rows], step=step)
        else:
            from trackio import Table  # here: it need not be installed

            self.tracker.log({name: Table(list(columns), [list(row) for row in rows])}, step=step)

    def artifact(self, name: str, kind: str, folder: Path) -> None:
        """Give it a folder to keep, as a new version of the artefact of that name; TensorBoard keeps none."""
        if self.tracker.name == "tensorboard":
            return
        if self.tracker.name == "wandb":
            from wandb import Artifact  # here: it need not be installed

            made = Artifact(name, type=kind)
            made.add_dir(str(folder))
            self.tracker.tracker.log_artifact(made)
        else:
            self.tracker.tracker.log_artifact(folder, name=name, type=kind)

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
    from accelerate import PartialState  # here, because it imports torch
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS, get_available_trackers

    if name not in [str(tracker) for tracker in get_available_trackers()]:
        raise ConfigError(
            f"report-to is {name}, which is not installed; expected none or an installed tracker — pip install {name}"
        )
    PartialState()  # accelerate's trackers write to its log, which asks for it
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
        """Tell of the outcome: the numbers, tables of rounds and tasks, and the adapter that each group ended with."""
        run = numbers.run
        shares = {name: getattr(run, name) for name in ("valid_outputs", "unique_outputs", "pixel_similarity")}
        shares |= {"train_pass_at_n": run.train_pass_at_n, "pass_at_n": run.pass_at_n, "solved_at_2": run.solved_at_2}
        values = {f"run/{name}": value for name, value in shares.items()}
        self.tracker.log(values | {"run/programs": run.programs, "run/seconds": numbers.seconds}, len(self._places))
        self._tables(numbers)
        last = {place.index: place.group.numbers().search.adapter for place in self._places if place.group.done}
        for index, adapter in last.items():
            # One that the run was given lies elsewhere.
            if adapter is not None and (folder := self.run.path / adapter).is_relative_to(self.run.path):
                self.tracker.artifact(f"adapter-group-{index:03}", "model", folder)

    def _tables(self, numbers: RunNumbers) -> None:
        step = len(self._places)
        names = [field.name for field in fields(Numbers)]
        rounds = [[round_, *(getattr(row, name) for name in names)] for round_, row in enumerate(numbers.rounds, 1)]
        self.tracker.table("run/rounds", ["round", *names], rounds, step)
        tasks = [
            [task_id, task.programs, task.train_perfect, task.perfect, *_best(task), task.hits and sum(task.hits)]
            for task_id, task in numbers.tasks.items()
        ]
        columns = ["task", "programs", "train_perfect", "perfect", "best_correct_grids", "best_pixel_similarity"]
        self.tracker.table("run/tasks", [*columns, "test_grids_hit"], tasks, step)

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


def _cell(value: Any) -> str:
    """In a table of Markdown, whose cells a task's id must not end."""
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _best(task: TaskOutcome) -> tuple[float | None, float | None]:
    best = task.best
    return (None, None) if best is None else (sum(best.correct) / len(best.correct), best.pixels)


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
