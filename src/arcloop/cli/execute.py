"""``arcloop execute``: JSON lines of programs → JSON lines of what became of them."""

import codecs
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from arcloop.config import ExecutionConfig
from arcloop.errors import ConfigError
from arcloop.execution import Sandbox
from arcloop.execution.frame import MAX_INPUTS, MAX_SIDE
from arcloop.files import UnreadableError, encoding_of, parse_json, writing
from arcloop.records import Execution, Grid, Job, Status

__all__ = ["main", "read_job"]

DEFAULTS = ExecutionConfig()
CONFIRMED_AT_ONCE = 64
COLORS = frozenset(range(10))


@dataclass(frozen=True)
class Arguments:
    r"""Run programs that nobody has read, in a sandbox, and report what became of each.

    A program is Python source that defines `transform(grid)` (or `main`); it finds numpy as `np`
    and the names of `common` in place. Every line of the input,

        {"id": "a", "source": "def transform(g):\n    return g.T", "inputs": [[[1, 2], [3, 4]]]}

    gives one line of the output, in the same order:

        {"id": "a", "status": "ok", "outputs": [[[1, 3], [2, 4]]], "error": "", "cpu_seconds": 0.001, "seconds": 0.001}

    `status` is ok, error, syntax_error, timeout, memory, crash, invalid_output, nondeterministic,
    protocol_error or refused; an output that is not a valid grid is null. A line that cannot be
    read is refused, with the reason, and the others go on.
    """

    programs: Path
    """File of JSON lines to read; - for standard input."""
    out: Path
    """File of JSON lines to write; - for standard output."""
    workers: int = DEFAULTS.workers
    """Programs run side by side; 0 = one per core."""
    timeout: float = DEFAULTS.timeout
    """CPU seconds that a program may use over all its inputs."""
    wall_timeout: float | None = None
    """Wall seconds after which a program that sleeps is stopped; by default five times the timeout."""
    memory: int = DEFAULTS.memory
    """Megabytes that a program may allocate."""
    mode: Literal["batch", "strict"] = DEFAULTS.mode
    """batch: a process serves several programs that can do nothing but compute. strict: a fresh one for each."""
    confirm: bool = True
    """Run what is ok twice more, each in a fresh process, under other hash seeds and with the inputs in reverse order;
    without it nothing is found to be nondeterministic, and batch mode is several times faster."""
    cache: Path | None = None
    """Folder of executions: what was run before, with the same limits and libraries, is looked up."""
    allow_weak_sandbox: bool = False
    """Go on where the kernel offers resource limits only. For programs that you trust."""


def main(argv: list[str]) -> int:
    """Run the command; returns its exit code. Raises ``ArcloopError`` for what the user can mend."""
    import tyro

    arguments = tyro.cli(Arguments, args=argv, prog="arcloop execute")
    config = ExecutionConfig(
        workers=arguments.workers,
        timeout=arguments.timeout,
        wall_timeout=5 * arguments.timeout if arguments.wall_timeout is None else arguments.wall_timeout,
        memory=arguments.memory,
        mode=arguments.mode,
        allow_weak_sandbox=arguments.allow_weak_sandbox,
    )
    with ExitStack() as stack:
        _differ(arguments.programs, arguments.out)
        lines = _lines(stack, arguments.programs)
        out = _out(stack, arguments.out)
        sandbox = stack.enter_context(Sandbox(config, cache=arguments.cache))
        print(f"protection: {sandbox.protection}", file=sys.stderr)
        _run(sandbox, lines, partial(_put, out, arguments.out), arguments.confirm)
    return 0


def _put(out: IO[bytes], path: Path, record: bytes) -> None:
    try:
        out.write(record)
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        raise _unusable("--out", path, failure) from None


def _differ(programs: Path, out: Path) -> None:
    """Refuse to write over what is read, under whatever names."""
    if "-" not in (str(programs), str(out)) and programs.exists() and out.exists() and programs.samefile(out):
        raise ConfigError(
            f"--out is {str(out)!r}, the file of --programs; expected another, or its programs would be gone — pass another"
        )


def _lines(stack: ExitStack, path: Path) -> Iterable[bytes]:
    """The lines in UTF-8, without a byte-order mark; what is no text is left as it is, and spoils no other line."""
    try:
        stream = sys.stdin.buffer if str(path) == "-" else stack.enter_context(path.open("rb"))
        first = stream.readline()
    except (OSError, ValueError) as failure:
        raise _unusable("--programs", path, failure) from None
    if (encoding := encoding_of(first)) == "utf-8-sig":
        return itertools.chain([first.removeprefix(codecs.BOM_UTF8)], stream)
    text = (first + stream.read()).decode(encoding, "replace")
    return (line.encode("utf-8", "surrogatepass") for line in text.split("\n"))


def _out(stack: ExitStack, path: Path) -> IO[bytes]:
    """Where records go: a file is there when it is whole, until then it has another name."""
    if str(path) == "-":
        return sys.stdout.buffer
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        special = path.exists() and not path.is_file()
        return stack.enter_context(path.open("wb", buffering=0) if special else writing(path))
    except (OSError, ValueError) as failure:
        raise _unusable("--out", path, failure) from None


def _unusable(option: str, path: Path, failure: Exception) -> ConfigError:
    why = getattr(failure, "strerror", None) or failure
    return ConfigError(
        f"{option} is {str(path)!a}, which cannot be used ({why}); expected a file of JSON lines or - — see arcloop"
        " execute --help"
    )


def _run(sandbox: Sandbox, lines: Iterable[bytes], put: Callable[[bytes], None], confirm: bool) -> None:
    """Give one record per line to ``put``, in the order of the lines, each as soon as all before it are there."""
    names: dict[int, Any] = {}
    records: dict[int, dict[str, Any]] = {}
    jobs: dict[int, Job] = {}
    counts: Counter[str] = Counter()
    progress = _Progress(counts)
    following = itertools.count()
    position = next(following)

    def admitted() -> Iterator[Job]:
        for number, line in enumerate(line for line in lines if line.strip()):
            name, job, reason = read_job(line, number)
            names[number] = name
            if job is None:
                records[number] = _record(name, Execution("", Status.REFUSED, (), reason, 0.0, 0.0))
            else:
                if confirm:
                    jobs[number] = job
                yield job

    executions = sandbox.execute(admitted())
    if confirm:
        executions = _confirmed(sandbox, executions, jobs)
    for execution in itertools.chain(executions, (None,)):
        if execution is not None:
            number = int(execution.id)
            records[number] = _record(names[number], execution)
        while position in records:
            record = records.pop(position)
            del names[position]
            counts[record["status"]] += 1
            put(json.dumps(record).encode() + b"\n")
            position = next(following)
        progress.show()
    progress.show(last=True)


def _confirmed(sandbox: Sandbox, executions: Iterator[Execution], jobs: dict[int, Job]) -> Iterator[Execution]:
    """``executions`` with those that are ok replaced by what confirming them gave."""
    pairs: list[tuple[Job, Execution]] = []
    for execution in executions:
        job = jobs.pop(int(execution.id))
        if execution.status is not Status.OK:
            yield execution
            continue
        pairs.append((job, execution))
        if len(pairs) == CONFIRMED_AT_ONCE:
            yield from sandbox.confirm(pairs)
            pairs = []
    yield from sandbox.confirm(pairs)


def read_job(line: bytes, number: int) -> tuple[Any, Job | None, str]:
    """Id and job of a line of the input and, where there is no job, the reason."""
    name = None
    try:
        # Lone surrogates in a source are kept: such a program is the sandbox's to judge.
        data = parse_json(line.decode("utf-8", "surrogatepass"))
        if not isinstance(data, dict):
            raise ValueError("expected an object")
        name = data.get("id")
        if not isinstance(data.get("source"), str):
            raise ValueError("expected a text under 'source'")
        if not isinstance(data.get("inputs"), list) or len(data["inputs"]) > MAX_INPUTS:
            raise ValueError(f"expected a list of at most {MAX_INPUTS} grids under 'inputs'")
        inputs = tuple(_grid(cells, index) for index, cells in enumerate(data["inputs"]))
        return name, Job(str(number), data["source"], inputs), ""
    except UnicodeDecodeError as failure:
        return name, None, f"program {number + 1}: not UTF-8: byte {line[failure.start]:#04x} at {failure.start}"
    except (ValueError, UnreadableError) as failure:
        return name, None, f"program {number + 1}: {failure}"[:200]


def _grid(cells: object, index: int) -> Grid:
    rows = cells if isinstance(cells, list) else []
    widths = {len(row) if isinstance(row, list) else 0 for row in rows}
    if (
        len(widths) != 1
        or not 1 <= len(rows) <= MAX_SIDE
        or not 1 <= next(iter(widths)) <= MAX_SIDE
        or not all(type(cell) in (int, float) and cell in COLORS for row in rows for cell in row)
    ):
        raise ValueError(f"input {index} is not a grid; expected rows of equal length, 1–{MAX_SIDE} a side, cells 0–9")
    return np.array(rows, np.int8)


def _record(name: Any, execution: Execution) -> dict[str, Any]:
    return {
        "id": name,
        # A program without an entry is an error here, as it always was; its text says what is missing.
        "status": (Status.ERROR if execution.status is Status.NO_ENTRY else execution.status).value,
        "outputs": [None if grid is None else grid.tolist() for grid in execution.outputs],
        "error": execution.error,
        "cpu_seconds": round(execution.cpu_seconds, 6),
        "seconds": round(execution.seconds, 6),
    }


class _Progress:
    """A line on standard error: rewritten every second on a terminal, once at the end elsewhere."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._start = self._shown = time.monotonic()
        self._live = sys.stderr.isatty()

    def show(self, last: bool = False) -> None:
        now = time.monotonic()
        if not last and not (self._live and now - self._shown >= 1):
            return
        self._shown = now
        total = self._counts.total()
        rate = total / max(now - self._start, 1e-9)
        parts = ", ".join(f"{count} {status}" for status, count in self._counts.most_common())
        text = f"{total} programs, {rate:.0f}/s: {parts or 'none'}"
        print(f"\r\x1b[K{text}" if self._live else text, end="\n" if last else "", file=sys.stderr, flush=True)
