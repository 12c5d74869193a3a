"""Run → a training set for any trainer: Parquet, JSON lines in two forms, and a card.

    examples.parquet          id, task_id, prompt, completion, weight, correct_share, round
    prompt_completion.jsonl   {"prompt": …, "completion": …}: TRL's prompt–completion form
    messages.jsonl            {"messages": […]}: the same as chats, for any chat template
    README.md                 the card, with which ``datasets`` opens the folder: settings, how many programs were dropped for what, rows per task

Works on what is done, at any time, one group of tasks in memory. The rows of a run's first rounds
are, with that run's settings, what its loop learned from after them. Either all four files are
there at the end, the card last, or none is.
"""

import dataclasses
import json
import statistics
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.config import RelabelConfig, SelectionConfig
from arcloop.errors import RunError
from arcloop.execution.port import Executor
from arcloop.files import write_bytes, writing
from arcloop.hindsight.curation import Curator
from arcloop.hindsight.filters import Drop, wording
from arcloop.hindsight.relabel import Hindsight
from arcloop.prompts.format import PromptFormat
from arcloop.records import Candidate
from arcloop.runs.rundir import RunDir

__all__ = ["NAMES", "SCHEMA", "Made", "make_dataset"]

NAMES = ("examples.parquet", "prompt_completion.jsonl", "messages.jsonl", "README.md")
"""The files of a training set."""

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "task_id": pa.string(),
        "prompt": pa.string(),
        "completion": pa.string(),
        "weight": pa.float64(),
        "correct_share": pa.float64(),
        "round": pa.int32(),
    }.items()
)
"""Columns of ``examples.parquet``: those of an ``Example``, the share of right train grids, and the round (from 0)."""

_BATCH = 2048
"""Rows that are written at once."""


@dataclass
class Made:
    """What a training set came to."""

    programs: int = 0
    """Programs looked at."""
    rows: Counter[str] = field(default_factory=Counter)
    """Task id → rows that show its inputs."""
    dropped: Counter[Drop] = field(default_factory=Counter)
    """Programs dropped, by the filter that dropped them."""


def make_dataset(
    run: RunDir,
    out: Path,
    selection: SelectionConfig,
    relabel: RelabelConfig,
    words: PromptFormat,
    *,
    rounds: int | None = None,
    executor: Executor | None = None,
    confirm: bool = False,
    on_task: Callable[[], None] = lambda: None,
) -> Made:
    """Write the training set into the folder ``out``, new or empty, and return its numbers.

    Args:
        run: Finished or not; rounds that are not done yet are not there.
        out: The folder.
        selection: Which programs are taken, per task.
        relabel: How they become rows.
        words: How a model is shown tasks and writes programs.
        rounds: Look at the first so many rounds only.
        executor: Needed if programs are to be confirmed, or run for what ``relabel`` asks.
        confirm: Run what was chosen again, and drop what gives something else.
        on_task: Called after each task.

    Raises:
        RunError: no round is done, a table of the run cannot be read, or ``out`` holds something or cannot be written.
    """
    seed, made = run.config().seed, Made()
    shown = wording(words.prompt_text(run.tasks()[0], 0))
    with _Files(out, words) as files:
        for index, tasks in enumerate(run.groups()):
            done = [(r, group) for r, group in run.done_groups(index) if rounds is None or r < rounds]
            found: dict[str, list[Candidate]] = {task.id: [] for task in tasks}
            for _, group in done:
                for candidate in group.candidates():
                    found[candidate.program.task_id].append(candidate)
            for task in tasks:
                if done:
                    own = found.pop(task.id)
                    curator = Curator(selection, relabel, seed, done[-1][0], executor, confirm, shown)
                    taught, dropped = curator.curate(task, own, tasks)
                    made.programs += len(own)
                    made.dropped += dropped
                    made.rows.update(hindsight.task.id for hindsight in taught)
                    files.add(taught)
                on_task()
        if not made.programs:
            raise RunError(f"{run.path}: no program in what is done; expected a searched round — arcloop resume it")
        files.card = _card(run, made, {"selection": selection, "relabel": relabel}, rounds, confirm)
    return made


class _Files:
    """The files of a training set; they get their names when the block ends without an error."""

    def __init__(self, out: Path, words: PromptFormat) -> None:
        self._out = out
        self._words = words
        self._rows: list[dict[str, Any]] = []
        self._stack = ExitStack()
        self.card = ""

    def __enter__(self) -> Self:
        out = self._out
        try:
            held = [entry.name for entry in out.iterdir() if not entry.name.endswith(".tmp")] if out.exists() else []
            if held:
                raise RunError(f"--out {out}: holds {sorted(held)[0]}; expected a new or empty folder — pass another")
            out.mkdir(parents=True, exist_ok=True)
            with ExitStack() as stack:
                self._pairs = stack.enter_context(writing(out / "prompt_completion.jsonl"))
                self._chats = stack.enter_context(writing(out / "messages.jsonl"))
                file = stack.enter_context(writing(out / "examples.parquet"))
                # Prompts and completions hardly ever recur whole.
                self._table = stack.enter_context(
                    pq.ParquetWriter(file, SCHEMA, compression="zstd", use_dictionary=["task_id", "round"])
                )
                self._stack = stack.pop_all()
        except OSError as error:
            raise RunError(
                f"--out {out}: {error.strerror}; expected a folder that can be written — pass another"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        try:
            with self._stack:
                self._flush()
            write_bytes(self._out / "README.md", self.card.encode())
        except BaseException:
            # The folder was empty: what has its name by now is ours.
            for name in NAMES:
                (self._out / name).unlink(missing_ok=True)
            raise

    def add(self, hindsights: list[Hindsight]) -> None:
        """Write the rows of one task."""
        for hindsight in hindsights:
            candidate, words = hindsight.candidate, self._words
            messages = words.messages(hindsight.task, hindsight.test_index, hindsight.parent)
            prompt = words.chat(messages) + words.prefix
            completion = words.answer_text(candidate.program.source)
            chat = [{"role": m.role, "content": m.content} for m in messages]
            chat.append({"role": "assistant", "content": words.prefix + completion})
            self._rows.append(
                {
                    "id": hindsight.id,
                    "task_id": hindsight.task.id,
                    "prompt": prompt,
                    "completion": completion,
                    "weight": 1.0,
                    "correct_share": candidate.score.correct_share,
                    "round": _round(hindsight.id),
                }
            )
            self._pairs.write(_line({"prompt": prompt, "completion": completion}))
            self._chats.write(_line({"messages": chat}))
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._table.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
            self._rows = []


def _line(content: object) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _round(name: str) -> int:
    # The coordinates of a completion begin with "r<round>/".
    return int(name[1 : name.index("/")])


def _card(run: RunDir, made: Made, sections: dict[str, Any], rounds: int | None, confirmed: bool) -> str:
    per_task = [made.rows[task.id] for task in run.tasks()]
    settings: dict[str, Any] = {name: dataclasses.asdict(section) for name, section in sections.items()}
    settings |= {"rounds": rounds, "confirmed": confirmed, "run": dataclasses.asdict(run.config())}
    lines = [
        "---",
        "configs:",
        "- config_name: default",
        "  data_files: examples.parquet",
        "---",
        "",
        "# Programs relabeled in hindsight",
        "",
        "Each row shows a task that a program solves: real inputs with the outputs that the program gave, and the",
        "program as the answer. Made by `arcloop relabel`.",
        "",
        "| | |",
        "|---|---|",
        f"| rows | {sum(per_task)} |",
        f"| programs looked at | {made.programs} |",
        f"| tasks with rows | {sum(count > 0 for count in per_task)} of {len(per_task)} |",
        f"| rows per task: least, median, most | {min(per_task)}, {statistics.median(per_task):g}, {max(per_task)} |",
        "",
        "| dropped | programs |",
        "|---|---|",
        *(f"| {drop} | {made.dropped[drop]} |" for drop in Drop),
        "",
        "## Settings",
        "",
        "```json",
        json.dumps(settings, indent=2),
        "```",
        "",
    ]
    return "\n".join(lines)
