"""``arcloop relabel``: a training set from the programs of a run."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from arcloop.assembly import Run, relabel
from arcloop.cli.job import say
from arcloop.config import Policy, RelabelConfig, SelectionConfig
from arcloop.prompts.format import named_template

__all__ = ["main"]

DEFAULTS = SelectionConfig()


@dataclass(frozen=True)
class Arguments:
    """Make a training set from the programs of a run, finished or not.

    Each row is a task that a program solves, with the program as the answer: as Parquet, as JSON lines in TRL's
    prompt-completion form, as JSON lines of chats, and with a card that says what was dropped for what.
    """

    run: tyro.conf.Positional[Path]
    """Folder of the run."""
    out: Path
    """Folder of the training set; new or empty."""
    select: Policy = DEFAULTS.policy
    """Which of a task's programs: docs/relabeling.md explains the policies."""
    k: int = DEFAULTS.k
    """Programs per task; ``all`` does not look at it."""
    solved_tasks: bool = DEFAULTS.solved_tasks
    """Also take programs of tasks that have one right on all train pairs."""
    unchanged: bool = DEFAULTS.unchanged
    """Also take programs whose pairs are the task's own, so that nothing was relabeled."""
    max_characters: int | None = DEFAULTS.max_characters
    """Drop programs with a longer source than this; default: however long."""
    relabel: Annotated[RelabelConfig, tyro.conf.arg(name="")] = field(default_factory=RelabelConfig)
    rounds: int | None = None
    """Look at the first so many rounds only; default: all that are done."""
    confirm: bool = False
    """Run what was chosen again in the sandbox, and drop what gives something else: minutes for many programs."""
    model: str | None = None
    """Write prompts as this model reads them (``embedded``, a folder or a hub name); default: the run's model."""
    prompt_template: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """``barc``, ``compact``, ``plain``, or a file with a template of your own (docs/search.md); default: the model's, or the
    run's where its model is taken."""


def main(argv: list[str]) -> int:
    """Parse the arguments and make the training set."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop relabel")
    selection = SelectionConfig(
        policy=arguments.select,
        k=arguments.k,
        solved_tasks=arguments.solved_tasks,
        unchanged=arguments.unchanged,
        max_characters=arguments.max_characters,
    )
    console = Console()
    made = relabel(
        Run(arguments.run),
        arguments.out,
        selection,
        arguments.relabel,
        model=arguments.model,
        template=None if arguments.prompt_template is None else named_template(arguments.prompt_template),
        rounds=arguments.rounds,
        confirm=arguments.confirm,
        console=console,
    )
    dropped = ", ".join(f"{count} {drop}" for drop, count in made.dropped.most_common())
    say(console, f"{made.rows.total()} rows of {made.programs} programs on {len(made.rows)} tasks")
    say(console, f"dropped: {dropped or 'none'}")
    say(console, f"training set  {arguments.out}")
    return 0
