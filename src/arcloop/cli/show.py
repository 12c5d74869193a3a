"""``arcloop show``: a task, the prompt that a model gets for it, or the program library."""

from dataclasses import dataclass, field
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from arcloop.cli.options import PromptOptions
from arcloop.config import Config, PromptConfig
from arcloop.errors import TaskError
from arcloop.model.card import read_card, resolve
from arcloop.prompts.catalogue import entries
from arcloop.prompts.encoding import COLOR_NAMES
from arcloop.records import Grid
from arcloop.report.palette import PALETTE
from arcloop.tasks.sets import TASK_SETS, load_tasks

__all__ = ["main"]


@dataclass(frozen=True)
class ShowTask:
    """Print a task's grids, its test outputs left out."""

    id: tyro.conf.Positional[str]
    """Id of the task."""
    tasks: str = ""
    """Task set; default: the named sets, in turn."""


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
    | Annotated[ShowPrompt, tyro.conf.subcommand("prompt")]
    | Annotated[ShowCommon, tyro.conf.subcommand("common")]
)


def main(argv: list[str]) -> int:
    """Parse the arguments and print."""
    console = Console()
    match tyro.cli(Arguments, args=argv, prog="arcloop show"):
        case ShowTask(id, tasks):
            _show_task(id, tasks, console)
        case ShowPrompt(id, tasks, model, prompt):
            _show_prompt(id, tasks, model, prompt.config())
        case ShowCommon(markdown):
            print(_markdown() if markdown else "\n".join(f"{e.name}{e.signature}\n    {e.line}" for e in entries()))
    return 0


def _show_task(task_id: str, source: str, console: Console) -> None:
    (task,) = load_tasks(_source(task_id, source), None, (task_id,))
    for number, pair in enumerate(task.train, 1):
        table = Table(f"train {number}: input", "output", box=None)
        table.add_row(_picture(pair.input), _picture(pair.output))
        console.print(table)
    for number, grid in enumerate(task.test_inputs, 1):
        console.print(Text(f"test input {number}", style="bold"))
        console.print(_picture(grid))


def _picture(grid: Grid) -> Text:
    # Two columns a cell make it square; the digit is for terminals without colours.
    text = Text()
    for row in grid:
        for cell in row:
            text.append(f"{cell} ", style=f"on {PALETTE[cell]}")
        text.append("\n")
    return text


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
