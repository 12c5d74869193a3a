"""``arcloop import``: a run of programs that were sampled elsewhere."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.assembly import Import, begin_import
from arcloop.cli.job import go_on, say, wide
from arcloop.config import ExecutionConfig, ImportConfig

__all__ = ["main"]

DEFAULTS = Import(Path())


@dataclass(frozen=True)
class Arguments:
    r"""Make a run of programs that were sampled elsewhere, so that voting, scores, relabeling and the report work on them.

    Every program runs in the sandbox, on its task's inputs; outputs and scores that the file has are not looked at. A line is

        {"task_id": "007bbfb7", "source": "def transform(grid):\n    return grid.T"}

    with "completion" in the place of "source" for a model's answer as it came, and optional "round", "logprob", "tokens",
    "temperature" and "finish_reason" (docs/import.md). SOAR's and BARC's data sets are read as they are.
    Interrupted, the same command goes on.

    arcloop import completions.jsonl --tasks arc1-eval --out runs/imported

    arcloop import soar.parquet --tasks arc1-train --named --programs 64 --out runs/soar
    """

    path: tyro.conf.Positional[Path]
    """File of programs: .parquet, .jsonl, .jsonl.gz, or a folder of Parquet files or of a saved data set."""
    out: Path
    """Folder of the run; new, empty, or that of the same import."""
    tasks: str | None = None
    """Task set, as ``arcloop run`` takes it; needed unless the rows bring their tasks along, as BARC's do."""
    task_ids: tuple[str, ...] = ()
    """Take only these tasks."""
    limit: int | None = None
    """Take only the first N tasks."""
    named: bool = DEFAULTS.named
    """Take only the tasks that the file has programs for, rather than all of the set."""
    programs: int = DEFAULTS.programs
    """Take no more programs than this per task and round, the first ones."""
    model: str = DEFAULTS.model
    """``embedded``, or the folder or hub name of a model, whose words tasks are written in; its weights are not loaded."""
    seed: int = DEFAULTS.seed
    """Every random choice follows from this number and its own coordinates."""
    settings: Annotated[ImportConfig, tyro.conf.arg(name="")] = field(default_factory=ImportConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    """How programs are run, and what they may use."""


def main(argv: list[str]) -> int:
    """Parse the arguments and import."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop import")
    console = wide()
    given = Import(**{name: value for name, value in vars(arguments).items() if name != "out"})
    return go_on(begin_import(given, arguments.out, console, partial(say, console)))
