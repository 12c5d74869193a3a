"""``arcloop report``: one run or several as a page to look at."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tyro

from arcloop.assembly import answers_of
from arcloop.cli.job import say, wide
from arcloop.errors import ConfigError
from arcloop.progress import Progress
from arcloop.report.page import write_page
from arcloop.runs.rundir import RunDir

__all__ = ["main"]


@dataclass(frozen=True)
class Arguments:
    """Make one HTML file of a run, or of several, to look at.

    It shows what came of it, the best program after each round as a film, every task with its attempts, and the programs
    that tell most.

    The file needs nothing beside it and asks no network for anything. Runs are only read; one that is under way is shown
    as far as it is stored. For a verdict on which of several runs is better: arcloop compare --report.

    arcloop report runs/first

    arcloop report runs/search-only runs/learn --out both.html
    """

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of runs, finished or not."""
    out: Path | None = None
    """The file; default: report.html in the folder of the run, where it is one."""


def main(argv: list[str]) -> int:
    """Parse the arguments and write the page."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop report")
    if not arguments.runs:
        raise ConfigError("no run; expected at least one — arcloop report RUN")
    if len({path.resolve() for path in arguments.runs}) < len(arguments.runs):
        raise ConfigError("a run comes twice; expected each once — leave one out")
    if arguments.out is None and len(arguments.runs) > 1:
        raise ConfigError("several runs and no --out; expected the file to write — pass --out FILE")
    out, console = arguments.out or arguments.runs[0] / "report.html", wide()
    groups = sum(len(RunDir.open(path).groups()) for path in arguments.runs)
    with Progress(console, groups, "groups") as progress:
        progress.stage("telling")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_page(arguments.runs, out, partial(answers_of, tell=partial(say, console)), progress.advance)
        except OSError as error:
            raise ConfigError(
                f"--out {out}: {error.strerror}; expected a file that can be written — pass another"
            ) from None
    say(console, f"report  {out} ({out.stat().st_size / 1e6:.1f} MB)")
    return 0
