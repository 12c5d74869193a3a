"""The card of a run's folder: with it ``datasets.load_dataset`` opens the tables as they are.

Each table is a configuration over all rounds and groups that are done or under way, so the card has to be written anew only
where another kind of table has come. It can be deleted and rebuilt.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.runs.rundir import RunDir
from arcloop.runs.tables import ANCHORS, COMPLETIONS, EXAMPLES, EXECUTIONS, PROGRAMS, PROMPTS, SCORES

__all__ = ["write_readme"]

_TABLES = {
    PROGRAMS.name: "Python source extracted from a completion, with its id",
    PROMPTS.name: "what a model was asked, and in which frame",
    COMPLETIONS.name: "what it wrote, with tokens, log-probability and temperature",
    EXECUTIONS.name: "what running a program gave: grids, or a named failure",
    SCORES.name: "which train pairs of its task a program has right",
    EXAMPLES.name: "rows that were learned from: prompt, completion, weight",
    ANCHORS.name: "rows that were mixed in",
}
"""Table → what it holds, the first one first."""


def write_readme(run: RunDir) -> None:
    """Write ``README.md`` into the run's folder.

    Raises:
        RunError: what the run began with is damaged.
    """
    config = run.config()
    found = {name: list(_tables(run, name)) for name in _TABLES}
    there = [name for name in _TABLES if found[name]]
    lines = ["---"]
    if there:
        lines.append("configs:")
    for name in there:
        lines += [f"- config_name: {name}", "  data_files:", "  - split: train", f"    path: {_pattern(name)}"]
        lines += ["  default: true"] if name == there[0] else []
    # A column that some files lack is filled with nulls, where it is said that there is one.
    mixed = {name: schema for name in there if (schema := _mixed(found[name])) is not None}
    if mixed:
        lines.append("dataset_info:")
    for name, schema in mixed.items():
        lines += [f"- config_name: {name}", "  features:", *_features(schema, "  ")]
    lines += [
        "---",
        "",
        "# A run of arcloop",
        "",
        f"{len(run.tasks())} tasks, {config.rounds} rounds of up to {config.programs} programs per task, model `{_quoted(config.model)}`.",
        "The settings are in `config.json`, the numbers in `metrics.json`, the page to look at is `report.html`.",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'programs = load_dataset("PATH", "programs", split="train")',
        "```",
        "",
        "| table | rows | what is in it |",
        "|---|---|---|",
    ]
    for name in there:
        lines.append(f"| `{name}` | {sum(rows for rows, _ in found[name])} | {_TABLES[name]} |")
    lines += [
        "",
        "Rows of one completion share its id, `r<round>/<task>/d<draw>`: `id` of completions and executions, `completion_id` of",
        "programs and scores. A grid is a list of rows of small integers. Programs were written by a model: run them in a sandbox.",
        "",
    ]
    run.write("README.md", "\n".join(lines))


def _tables(run: RunDir, name: str) -> Iterator[tuple[int, pa.Schema]]:
    """Rows and columns of the files of a table; one that is damaged is for others to find."""
    for place in run.places():
        with contextlib.suppress(OSError, pa.ArrowException):
            said = pq.read_metadata(place.group.path / f"{name}.parquet")
            yield said.num_rows, said.schema.to_arrow_schema()


def _mixed(tables: Sequence[tuple[int, pa.Schema]]) -> pa.Schema | None:
    """All columns of a table, if not all of its files have all of them."""
    schemas = [schema for _, schema in tables]
    longest = max(schemas, key=len)
    return None if all(len(schema) == len(longest) for schema in schemas) else longest


def _features(columns: Iterable[pa.Field], indent: str) -> Iterator[str]:
    """Columns as ``datasets`` has them in a card."""
    for column in columns:
        yield f"{indent}- name: {column.name}"
        yield from _feature(column.type, f"{indent}  ")


def _feature(kind: pa.DataType, indent: str) -> Iterator[str]:
    if pa.types.is_struct(kind):
        yield f"{indent}struct:"
        yield from _features(kind, indent)
    elif pa.types.is_list(kind):
        inner = kind.value_type
        if pa.types.is_list(inner) or pa.types.is_struct(inner):
            yield f"{indent}list:"
            yield from _feature(inner, f"{indent}  ")
        else:
            yield f"{indent}list: {_dtype(inner)}"
    else:
        yield f"{indent}dtype: {_dtype(kind)}"


def _dtype(kind: pa.DataType) -> str:
    return "float64" if kind == pa.float64() else str(kind)


def _pattern(name: str) -> str:
    return f"round_*/group_*/{name}.parquet"


def _quoted(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "`|<>")[:100]
