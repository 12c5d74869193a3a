"""What each task came to in each run ↔ one small file: what a comparison rests on, without the runs.

Such files are what is kept of an experiment, and what puts seeds together that were run on different machines.
"""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.measurement import MODEL_FILES, Measured, Setting
from arcloop.files import writing
from arcloop.rowfiles import rows_of
from arcloop.runs.numbers import BestProgram, TaskOutcome
from arcloop.tasks.arcjson import MAX_PAIRS

__all__ = ["read_task_tables", "write_task_table"]

_COUNTS = ("programs", "tokens", "grids", "valid_grids", "complete", "unique", "train_perfect")
_MAYBE = ("perfect", "first_train_perfect", "first_perfect")
"""Of a ``TaskOutcome``, as they are; those of the second may be None."""
_NONE = {*_MAYBE, "model", "test_grids", "hits", "best_grids", "best_pixels"}
"""Columns that may have no value."""
_MOST_PROGRAMS = 10**7
"""pass@k of more takes too long."""
_MOST = 10**18
"""Of anything else that is counted."""
_COLUMNS = pa.schema(
    [
        ("set", pa.string()),
        ("arm", pa.string()),
        ("seed", pa.int64()),
        ("model", pa.string()),
        ("seconds", pa.float64()),
        ("task_id", pa.string()),
        *((name, pa.int64()) for name in (*_COUNTS, *_MAYBE, "test_grids", "hits", "train_grids", "best_grids")),
        ("best_pixels", pa.float64()),
    ]
)
"""``hits`` of the test grids; of the best program its right train grids and its mean share of right cells; ``model``: a digest of
its files; ``seconds``: of the whole run, in each of its rows."""


def write_task_table(sets: Mapping[str, Sequence[Setting]], path: Path) -> None:
    """Task set → its settings, as a compressed table with a row for each task of each run.

    Raises:
        ConfigError: a setting has two runs with one seed, which the table would not tell apart.
    """
    for settings in sets.values():
        for setting in settings:
            seeds = [run.seed for run in setting.runs]
            if len(set(seeds)) < len(seeds):
                raise ConfigError(
                    f"{path}: {setting.name} has two runs with one seed of {sorted(seeds)}; expected different ones — leave one out"
                )
    table = pa.Table.from_pylist(
        [
            {"set": name, "arm": setting.name, **row}
            for name, settings in sets.items()
            for setting in settings
            for run in setting.runs
            for row in _rows(run)
        ],
        _COLUMNS,
    )
    with writing(path) as file:
        pq.write_table(table, file, compression="zstd")


def _rows(run: Measured) -> Iterator[dict[str, Any]]:
    for task_id, outcome in run.numbers.items():
        yield {name: getattr(outcome, name) for name in (*_COUNTS, *_MAYBE)} | {
            "seed": run.seed,
            "model": run.settings.get(MODEL_FILES),
            "seconds": run.seconds,
            "task_id": task_id,
            "test_grids": None if outcome.hits is None else len(outcome.hits),
            "hits": None if outcome.hits is None else sum(outcome.hits),
            "train_grids": len(run.tasks[task_id]["train"]),
            "best_grids": sum(outcome.best.correct) if outcome.best else None,
            "best_pixels": outcome.best.pixels if outcome.best else None,
        }


def read_task_tables(paths: Sequence[Path]) -> dict[str, list[Setting]]:
    """The settings of each task set, in the order in which the files have them, runs of one setting together.

    Raises:
        ExampleError: a file cannot be read.
        RunError: one is no such table, has a value that cannot be, or two have a run in common.
    """
    found: dict[str, dict[str, list[Measured]]] = {}
    for path in paths:
        rows = [row for _, row in rows_of(path, _COLUMNS.names)]
        missing = sorted(set(_COLUMNS.names) - set(rows[0] if rows else ()))
        if missing:
            raise RunError(
                f"{path}: no column {', '.join(missing)}; expected the NAME-tasks.parquet of arcloop experiment — pass such a file"
            )
        for number, row in enumerate(rows, 1):
            if fault := _fault(row):
                raise RunError(f"{path}: row {number}: {fault} — pass the file as arcloop experiment has written it")
        for (name, arm, seed), tasks in groupby(rows, lambda row: (row["set"], row["arm"], row["seed"])):
            runs = found.setdefault(name, {}).setdefault(arm, [])
            if any(run.seed == seed for run in runs):
                raise RunError(
                    f"{path}: {name}, {arm}, seed {seed} is there twice; expected each run once — leave one out"
                )
            runs.append(_measured(f"{path}: {name}, {arm}, seed {seed}", list(tasks)))
    return {name: [Setting(arm, tuple(runs)) for arm, runs in arms.items()] for name, arms in found.items()}


def _fault(row: Mapping[str, Any]) -> str | None:
    """What is wrong with a row, and what was expected: such files come from other people."""
    for field in _COLUMNS:
        value, most = row[field.name], _MOST_PROGRAMS if field.name == "programs" else _MOST
        if value is None:
            if field.name not in _NONE:
                return f"{field.name} is missing; expected a value"
        elif field.type == pa.string():
            if not isinstance(value, str):
                return f"{field.name} is {reprlib.repr(value)}; expected text"
        elif isinstance(value, bool) or not isinstance(value, int if field.type == pa.int64() else (int, float)):
            return f"{field.name} is {reprlib.repr(value)}; expected a number"
        elif field.name != "seed" and not 0 <= value <= most:
            return f"{field.name} is {reprlib.repr(value)}; expected a number from 0 to {most:,}"
    for part, of in (("hits", "test_grids"), ("best_grids", "train_grids")):
        most = row[of] if row[of] is not None else 0
        if most > MAX_PAIRS:
            return f"{of} is {most}; expected at most {MAX_PAIRS}"
        if row[part] is not None and row[part] > most:
            return f"{part} is {row[part]}; expected at most {of}, {most}"
    if max(row["complete"], row["unique"], row["train_perfect"], row["perfect"] or 0) > row["programs"]:
        return f"more programs of a kind than the {row['programs']} that there are; expected fewer"
    for right, first in (("train_perfect", "first_train_perfect"), ("perfect", "first_perfect")):
        if row[first] is not None and not 1 <= row[first] <= row["programs"]:
            return f"{first} is {row[first]}; expected a number from 1 to {row['programs']}, or none"
        if (row[first] is None) != (not row[right]):
            return f"{first} is {row[first]} with {right} {row[right]}; expected the first of them, if there is one"
    if (row["perfect"] or 0) > row["train_perfect"]:
        return f"perfect is {row['perfect']}; expected at most train_perfect, {row['train_perfect']}"
    if row["best_grids"] is not None and (row["best_pixels"] is None or row["best_pixels"] > 1):
        return f"best_pixels is {row['best_pixels']}; expected a share of cells"
    return None


def _measured(path: str, rows: Sequence[Mapping[str, Any]]) -> Measured:
    first = rows[0]
    if len({row["task_id"] for row in rows}) < len(rows):
        raise RunError(
            f"{path}: a task is there twice; expected each once — pass the file as arcloop experiment has written it"
        )
    return Measured(
        path,
        first["seed"],
        {MODEL_FILES: first["model"]},
        {row["task_id"]: (row["train_grids"], row["test_grids"]) for row in rows},
        {row["task_id"]: _outcome(row) for row in rows},
        first["seconds"],
        finished=True,
    )


def _outcome(row: Mapping[str, Any]) -> TaskOutcome:
    """As far as a comparison looks at it: which of the grids were right, and the program, are not in the file."""
    best = row["best_grids"]
    return TaskOutcome(
        **{name: row[name] for name in (*_COUNTS, *_MAYBE)},
        hits=None if row["hits"] is None else _marks(row["hits"], row["test_grids"]),
        best=None if best is None else BestProgram("", "", _marks(best, row["train_grids"]), row["best_pixels"], 0, ()),
        votes=(),
    )


def _marks(right: int, of: int) -> tuple[bool, ...]:
    return tuple(number < right for number in range(of))
