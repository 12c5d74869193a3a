"""A file of programs → a ``Sampler`` that gives them as completions, and what a run of them looks like.

The programs are put into a temporary database by task and round, so that a file may be larger than memory. Draw d of a
task and round is its d-th program in the order of the file; a draw behind the last one gives nothing.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arcloop.config import ImportConfig
from arcloop.imports.layouts import read_programs
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, FinishReason, Message
from arcloop.sampling import Request, UnderWay, untold
from arcloop.tasks.arcjson import Entry

__all__ = ["Contents", "ImportSampler", "contents"]


@dataclass
class Contents:
    """What a file of programs holds."""

    programs: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Task id and round, as the file has it → programs."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Task id → the task, where the rows bring their own."""

    @property
    def rounds(self) -> list[int]:
        """The file's rounds, in order."""
        return sorted({round_ for _, round_ in self.programs})


def contents(
    path: Path, settings: ImportConfig, limit: int | None = None, on_program: Callable[[], None] = lambda: None
) -> Contents:
    """Look through a file, or a folder of files; of rows that bring their tasks along, no more than the first ``limit``.

    Raises:
        ExampleError: it cannot be read, or a row is none.
    """
    found = Contents()
    for program in read_programs(path, settings):
        if program.entry is not None:
            if limit is not None and program.task_id not in found.entries and len(found.entries) >= limit:
                break
            found.entries[program.task_id] = program.entry
        found.programs[program.task_id, program.round] += 1
        on_program()
    return found


@dataclass(frozen=True)
class _Bare(PromptFormat):
    """A format in which answers have no given beginning: what is in the file is all."""

    @property
    def prefix(self) -> str:
        """Nothing."""
        return ""


class ImportSampler:
    """A ``Sampler`` whose completions are those of a file."""

    def __init__(
        self, path: Path, settings: ImportConfig, template: str, tasks: set[str], most: int, store: Path
    ) -> None:
        """Take up the programs of some tasks.

        Args:
            path: The file, or a folder of files.
            settings: How it is read.
            template: In whose words the tasks are written down.
            tasks: Ids of the tasks; what belongs to others is passed over.
            most: Programs of a task and round that are taken.
            store: Where to put the database; nothing must be there.

        Raises:
            ExampleError: the file cannot be read, or a row is none.
        """
        self._format = _Bare(template, _lines)
        self._base = sqlite3.connect(store, isolation_level=None)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(
            "CREATE TABLE programs (task TEXT, round INT, number INT, text TEXT, tokens INT, logprob REAL,"
            " temperature REAL, reason TEXT, PRIMARY KEY (task, round, number)) WITHOUT ROWID"
        )
        self._base.execute("BEGIN")
        self._base.executemany(
            "INSERT INTO programs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._rows(path, settings, tasks, most)
        )
        self._base.execute("COMMIT")
        rounds = [round_ for (round_,) in self._base.execute("SELECT DISTINCT round FROM programs ORDER BY round")]
        self._round_of = dict(enumerate(rounds))

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._format

    def length(self, text: str) -> int:
        """See ``Sampler``: nobody reads the prompts, so none is too long."""
        return 0

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``: all was sampled before."""

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``; a draw that the file does not have gives nothing."""
        for request in requests:
            prompt = request.prompt
            for draw in request.draws:
                round_, number = draw.completion_id[1:].partition("/")[0], draw.completion_id.rpartition("/d")[2]
                row = self._base.execute(
                    "SELECT text, tokens, logprob, temperature, reason FROM programs WHERE task = ? AND round = ? AND number = ?",
                    (prompt.task_id, self._round_of.get(int(round_)), int(number)),
                ).fetchone()
                if row is not None:
                    text, tokens, logprob, temperature, reason = row
                    logprob = math.nan if logprob is None else logprob
                    yield Completion(
                        draw.completion_id,
                        prompt.id,
                        prompt.task_id,
                        text,
                        tokens,
                        FinishReason(reason),
                        logprob,
                        temperature,
                    )

    def close(self) -> None:
        """Let go of the database."""
        self._base.close()

    @staticmethod
    def _rows(path: Path, settings: ImportConfig, tasks: set[str], most: int) -> Iterator[tuple[object, ...]]:
        taken: Counter[tuple[str, int]] = Counter()
        for p in read_programs(path, settings):
            if p.task_id in tasks and taken[p.task_id, p.round] < most:
                number = taken[p.task_id, p.round]
                taken[p.task_id, p.round] += 1
                # The database knows no nan, and keeps none in its place.
                yield p.task_id, p.round, number, p.text, p.tokens, p.logprob, p.temperature, p.finish_reason.value


def _lines(messages: Sequence[Message]) -> str:
    return "".join(message.content + "\n" for message in messages)
