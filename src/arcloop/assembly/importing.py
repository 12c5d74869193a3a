"""A file of programs that were sampled elsewhere → the beginning of a run of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from arcloop.config import (
    AugmentConfig,
    Config,
    ExecutionConfig,
    HealthConfig,
    ImportConfig,
    SamplingConfig,
    StoppingConfig,
)
from arcloop.errors import ConfigError, ExampleError
from arcloop.files import write_bytes
from arcloop.imports.imported import Contents, contents
from arcloop.model.card import read_card, resolve
from arcloop.progress import Progress
from arcloop.records import Answers, Task
from arcloop.runs.groupdir import as_json
from arcloop.runs.origin import manifest
from arcloop.runs.rundir import RunDir
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import load_tasks, unasked

__all__ = ["Import", "begin_import"]

_TOGETHER = 20_000
"""Programs of a group and round at the most, as they are in memory together; what is interrupted goes on after the last group."""
_TASKS = 10_000
"""Tasks that rows bring along, at the most."""
_NAMED = 3


@dataclass(frozen=True)
class Import:
    """What is asked for."""

    path: Path
    """File of programs, or a folder of such files."""
    tasks: str | None = None
    """Task set; None where the rows bring their tasks along."""
    task_ids: tuple[str, ...] = ()
    limit: int | None = None
    """The first so many tasks."""
    named: bool = False
    """Only the tasks that the file has programs for."""
    programs: int = 10_000
    """Programs per task and round that are taken, the first ones."""
    model: str = "embedded"
    """Model whose words the tasks are written in."""
    seed: int = 0
    settings: ImportConfig = field(default_factory=ImportConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)


def begin_import(given: Import, out: Path, console: Console, tell: Callable[[str], None] = lambda line: None) -> RunDir:
    """Begin a run of the programs of a file, or find it in ``out``; ``tell`` is given a line on what is left out.

    Raises:
        ArcloopError: the file cannot be read, has no program for a task, or ``out`` holds something else.
    """
    if not 1 <= given.programs <= 100_000:
        raise ConfigError(f"programs is {given.programs}; expected 1 to 100,000 — change --programs")
    if given.limit is not None and given.limit < 1:
        raise ConfigError(f"limit is {given.limit}; expected 1 or more — change --limit")
    with Progress(console, 0, "programs") as progress:
        progress.stage("reading")
        named = given.tasks is not None or bool(given.task_ids)
        own = _TASKS + 1 if named or given.limit is None else min(given.limit, _TASKS + 1)
        found = contents(given.path, given.settings, own, progress.advance)
    if given.tasks is not None:
        source, tasks, answers = given.tasks, _asked(given, given.tasks, found, tell), Answers()
    else:
        source, (tasks, answers) = str((out / "challenges.json").resolve()), _brought(given, found)
    config = _config(given, source, tasks, found, tell)
    run = RunDir.create(
        out, config, tasks, manifest(config, tasks), unasked(source, tasks) if given.tasks is not None else None
    )
    if given.tasks is None and not run.finished:
        # A task set like any other, so that what needs answers finds them where it looks.
        write_bytes(out / "challenges.json", as_json({task.id: task_to_json(task) for task in tasks}))
        write_bytes(
            out / "solutions.json",
            as_json({name: [grid.tolist() for grid in grids] for name, grids in answers.items()}),
        )
    return run


def _asked(given: Import, source: str, found: Contents, tell: Callable[[str], None]) -> list[Task]:
    if found.entries:
        raise ConfigError(
            f"--tasks {source}: the rows of {given.path} bring their own tasks; expected none beside them — leave --tasks out"
        )
    tasks = load_tasks(source, None, given.task_ids, True, tell)
    held = {task_id for task_id, _ in found.programs}
    asked = [task for task in tasks if task.id in held or not given.named][: given.limit]
    if not any(task.id in held for task in asked):
        named = ", ".join(ascii(name)[1:-1][:40] for name in sorted(held)[:_NAMED]) or "none"
        first = f"the first {len(asked)}" if 0 < len(asked) < len(tasks) else f"the {len(tasks)}"
        raise ExampleError(
            f"{given.path}: programs for {named}, none of which is among {first} tasks of {source}; expected "
            "programs for some of them — pass the set that they are of, or --named"
        )
    return asked


def _brought(given: Import, found: Contents) -> tuple[list[Task], Answers]:
    if not found.entries:
        raise ConfigError(
            f"{given.path}: its rows name tasks and hold none; expected --tasks with the set that they are of — pass it"
        )
    if len(found.entries) > _TASKS:
        raise ConfigError(f"{given.path}: more than {_TASKS:,} tasks; expected fewer at once — pass --limit")
    if unknown := [name for name in given.task_ids if name not in found.entries]:
        raise ConfigError(
            f"--task-ids {ascii(unknown[0])[1:-1][:40]}: no task of {given.path}; expected ids such as {next(iter(found.entries))} "
            "— change them"
        )
    entries = [found.entries[name] for name in given.task_ids or found.entries][: given.limit]
    return [task for task, _ in entries], {task.id: answer for task, answer in entries if answer is not None}


def _config(given: Import, source: str, tasks: Sequence[Task], found: Contents, tell: Callable[[str], None]) -> Config:
    """The run: all rounds and programs of the file, as they are, with nothing that would stop or change a search."""
    ids = {task.id for task in tasks}
    counts = {place: count for place, count in found.programs.items() if place[0] in ids}
    most = min(max(counts.values()), given.programs)
    over = sum(max(0, count - given.programs) for count in counts.values())
    others = found.programs.total() - sum(counts.values())
    if others:
        tell(f"left out    {others} programs of tasks that are not among the {len(tasks)}")
    if over:
        tell(f"left out    {over} programs, more than {given.programs} of a task in a round (--programs)")
    if lacking := ids - {task_id for task_id, _ in counts}:
        tell(f"without     any program: {len(lacking)} of {len(tasks)} tasks (--named leaves them out)")
    config = Config(
        tasks=str(Path(source).resolve()) if Path(source).exists() else source,
        limit=None,
        task_ids=given.task_ids,
        skip_invalid=True,
        model=given.model,
        rounds=len({round_ for _, round_ in counts}),
        programs=most,
        seed=given.seed,
        group_size=max(1, _TOGETHER // most),
        augment=AugmentConfig(dihedral=False, colors=False, order=False),
        sampler="imported",
        source=str(given.path.resolve()),
        imported=given.settings,
        sampling=SamplingConfig(completions_per_prompt=most),
        execution=given.execution,
        health=HealthConfig(rollback=0),
        stopping=StoppingConfig(perfect=0),
    )
    return resolve(config, read_card(given.model))
