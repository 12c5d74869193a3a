"""Run directories → what a comparison looks at, and which runs are one setting.

Runs that differ in their seed alone are one *setting*. Reads ``metrics.json`` and what a run was
told, no table of programs, and refuses numbers that are older than the run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from arcloop.config import Config, memory_of, to_json
from arcloop.errors import RunError
from arcloop.runs.numbers import TaskOutcome
from arcloop.runs.rundir import RunDir

__all__ = ["MODEL_FILES", "Measured", "Setting", "grouped", "measured"]

_MACHINE = (
    "execution.workers",
    *memory_of(Config("")),
    "engine.tensor_parallel_size",
    "engine.gpu_memory_utilization",
    "engine.enforce_eager",
    "server.base_url",
    "server.concurrency",
    "server.retries",
    "server.timeout",
    "server.prompt_price",
    "server.completion_price",
)
"""Settings that change how fast a run is and not what it finds."""
MODEL_FILES = "files of the model"
"""Under which the settings of a run have a digest of its model."""


@dataclass(frozen=True)
class Measured:
    """One run, as far as it is compared."""

    path: str
    seed: int
    settings: Mapping[str, Any]
    """Dotted name → value, of every setting but the seed; with spaces in the name: versions, and a digest of the model."""
    tasks: Mapping[str, Any]
    """Task id → the task's JSON."""
    numbers: Mapping[str, TaskOutcome]
    """Task id → its outcome."""
    seconds: float
    """Wall time of search and learning, over all tasks of the run."""
    finished: bool


@dataclass(frozen=True)
class Setting:
    """Runs that are averaged."""

    name: str
    runs: tuple[Measured, ...]


def measured(path: Path) -> Measured:
    """What a run's files say of it.

    Raises:
        RunError: ``path`` is no run, or its numbers are missing, older than the run or of an older version.
    """
    run = RunDir.open(path)
    if not (path / "metrics.json").is_file():
        raise RunError(f"{path}: no metrics.json; expected an evaluated run — arcloop evaluate {path}")
    numbers = run.numbers()
    done = sum(1 for index in range(len(run.groups())) for _ in run.done_groups(index))
    if numbers.groups_done != done:
        raise RunError(
            f"{path}: metrics.json counts {numbers.groups_done} groups; expected the {done} that are done "
            f"— arcloop evaluate {path}"
        )
    manifest = run.manifest()
    settings = _flat(json.loads(to_json(run.config())))
    seed = settings.pop("seed")
    settings |= {f"version of {name}": version for name, version in manifest.versions.items()}
    settings[MODEL_FILES] = manifest.model_sha256[:12]
    return Measured(str(path), seed, settings, run.read("tasks.json"), numbers.tasks, numbers.seconds, run.finished)


def grouped(runs: Sequence[Measured]) -> list[Setting]:
    """Runs of one configuration but the seed together, in the order of the first of each.

    Raises:
        RunError: two runs have the seed in common too, so they are one and the same measurement.
    """
    groups: dict[str, list[Measured]] = {}
    for run in runs:
        same = {k: v for k, v in run.settings.items() if k not in _MACHINE and not k.startswith("version of")}
        groups.setdefault(json.dumps(same, sort_keys=True), []).append(run)
    for group in groups.values():
        for one, other in combinations(group, 2):
            if one.seed == other.seed:
                raise RunError(
                    f"{one.path} and {other.path} have equal settings and seed {one.seed}; expected another seed or setting "
                    "— leave one out"
                )
    paths = [Path(group[0].path) for group in groups.values()]
    short = len({path.name for path in paths}) == len(paths)
    return [
        Setting((path.name if short else str(path)) + (f" ×{len(group)}" if len(group) > 1 else ""), tuple(group))
        for path, group in zip(paths, groups.values(), strict=True)
    ]


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return flat
