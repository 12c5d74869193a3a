"""``arcloop show``: a task, a program, a run, the prompt that a model gets, or the program library."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from arcloop.cli.job import wide
from arcloop.cli.options import PromptOptions
from arcloop.cli.picture import printable, program_picture, save, task_picture
from arcloop.cli.table import numbers_table, percent
from arcloop.config import Config, PromptConfig
from arcloop.errors import RunError, TaskError
from arcloop.model.card import read_card, resolve
from arcloop.prompts.catalogue import entries
from arcloop.prompts.encoding import COLOR_NAMES
from arcloop.records import Candidate, Task
from arcloop.runs.numbers import RunNumbers
from arcloop.runs.rundir import RunDir
from arcloop.scoring import ranked
from arcloop.tasks.sets import TASK_SETS, load_tasks

__all__ = ["main"]


@dataclass(frozen=True)
class ShowTask:
    """Print a task's grids, its test outputs left out."""

    id: tyro.conf.Positional[str]
    """Id of the task."""
    tasks: str = ""
    """Task set; default: the named sets, in turn."""
    save: Path | None = None
    """Write what is printed to this .svg or .png file too."""


@dataclass(frozen=True)
class ShowProgram:
    """Print a program of a run: its source, and what it gave beside what was to come, with the difference."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    name: tyro.conf.Positional[str]
    """Id of a task, for its best program; or of a completion (``r0/67a3c6ac/d00003``), or of a program."""
    save: Path | None = None
    """Write what is printed to this .svg or .png file too."""


@dataclass(frozen=True)
class ShowRun:
    """Print the table of a run as it was last evaluated, and what came of each task."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    save: Path | None = None
    """Write what is printed to this .svg or .png file too."""


@dataclass(frozen=True)
class ShowPrompt:
    """Print the prompt that a model gets for a task, and its length in tokens."""

    id: tyro.conf.Positional[str]
    """Id of the task."""
    tasks: str = ""
    """Task set; default: the named sets, in turn."""
    model: str = "embedded"
    """``embedded`` or a Hugging Face model; only its tokenizer is loaded."""
    prompt: PromptOptions = field(default_factory=PromptOptions)
    """In which words the model is asked."""


@dataclass(frozen=True)
class ShowCommon:
    """Print the program library: name, arguments and one line for each function."""

    markdown: bool = False
    """As a Markdown table, as the documentation has it."""


Arguments = (
    Annotated[ShowTask, tyro.conf.subcommand("task")]
    | Annotated[ShowProgram, tyro.conf.subcommand("program")]
    | Annotated[ShowRun, tyro.conf.subcommand("run")]
    | Annotated[ShowPrompt, tyro.conf.subcommand("prompt")]
    | Annotated[ShowCommon, tyro.conf.subcommand("common")]
)


def main(argv: list[str]) -> int:
    """Parse the arguments and print."""
    match tyro.cli(Arguments, args=argv, prog="arcloop show"):
        case ShowTask(id, tasks, file):
            (task,) = load_tasks(_source(id, tasks), None, (id,))
            _print(task_picture(task), file, f"task {id}")
        case ShowProgram(path, name, file):
            candidate, task = _program(RunDir.open(path), name)
            _print(program_picture(candidate, task), file, candidate.program.completion_id)
        case ShowRun(path, file):
            _print(_run(RunDir.open(path).numbers()), file, str(path))
        case ShowPrompt(id, tasks, model, prompt):
            _show_prompt(id, tasks, model, prompt.config())
        case ShowCommon(markdown):
            print(_markdown() if markdown else "\n".join(f"{e.name}{e.signature}\n    {e.line}" for e in entries()))
    return 0


def _print(made: Iterable[RenderableType], path: Path | None, title: str) -> None:
    parts = list(made)
    if path is not None:
        save(parts, path, printable(title))
    console = wide()
    for part in parts:
        console.print(part)


def _program(run: RunDir, name: str) -> tuple[Candidate, Task]:
    """The program of a run that is meant, and its task.

    Raises:
        RunError: there is none.
    """
    tasks = {task.id: task for task in run.tasks()}
    # The id of a task, alone or in that of a completion, says where to look.
    asked = name if name in tasks else name.partition("/")[2].rpartition("/")[0]
    groups = [index for index, group in enumerate(run.groups()) if asked not in tasks or asked in [t.id for t in group]]
    found = [c for index in groups for _, place in run.searched_groups(index) for c in place.candidates()]
    meant = [c for c in found if name in (c.program.task_id, c.program.completion_id, c.program.id)]
    if not meant:
        raise RunError(
            f"{run.path}: no program {name}; expected the id of a task that has one, of a completion or of a program — "
            "arcloop show run lists the tasks"
        )
    best = ranked(meant)[-1]
    return best, tasks[best.program.task_id]


def _run(numbers: RunNumbers) -> Iterator[RenderableType]:
    yield numbers_table(numbers, wide().width)
    table = Table("task", "programs", "right on train", "best program", "test grids", box=None, header_style="bold")
    for task_id, task in numbers.tasks.items():
        best = task.best
        share = (
            "none"
            if best is None
            else f"{sum(best.correct)}/{len(best.correct)} grids, {percent(best.pixels)} of cells"
        )
        hits = "not known" if task.hits is None else " ".join("right" if hit else "-" for hit in task.hits)
        style = "green" if task.hits and all(task.hits) else ""
        table.add_row(Text(task_id), str(task.programs), str(task.train_perfect), share, Text(hits, style=style))
    yield table


def _show_prompt(task_id: str, source: str, model: str, prompt: PromptConfig) -> None:
    (task,) = load_tasks(_source(task_id, source), None, (task_id,))
    from arcloop.model.language import load_tokenizer, prompt_format  # here: these take seconds

    tokenizer = load_tokenizer(model)
    text = prompt_format(model, tokenizer, prompt).prompt_text(task, 0)
    print(text)
    tokens = len(tokenizer(text, add_special_tokens=False)["input_ids"])
    sampling = resolve(Config(""), read_card(model)).sampling
    Console(stderr=True).print(
        f"{tokens:,} tokens; {model} is asked with up to {sampling.max_prompt_tokens:,}, and answers with up to "
        f"{sampling.max_tokens:,}",
        highlight=False,
        soft_wrap=True,
    )


def _source(task_id: str, source: str) -> str:
    """The set that was named, or the first that has the task.

    Raises:
        TaskError: none of the named sets has it.
    """
    if source:
        return source
    for name in (*TASK_SETS, "drawing"):
        if any(task.id == task_id for task in load_tasks(name)):
            return name
    raise TaskError(f"task {task_id}: in none of {', '.join(TASK_SETS)}, drawing — check the id or pass --tasks")


def _markdown() -> str:
    rows = [f"| `{e.name}{e.signature}` | {e.line} |" for e in entries()]
    colors = ", ".join(f"{number} {name.upper()}" for number, name in enumerate(COLOR_NAMES))
    return "\n".join(
        [
            "# The program library",
            "",
            "What a program gets from `from common import *`, beside NumPy as `np` and `random`. Made by",
            "`arcloop show common --markdown`.",
            "",
            "Grids are two-dimensional NumPy arrays of integers, `grid[x, y]` with x along axis 0 and y along axis 1.",
            f"Colours are plain integers with names in `Color`: {colors}.",
            "",
            "| name | |",
            "|---|---|",
            *rows,
        ]
    )
