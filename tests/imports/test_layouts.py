"""Rows of programs: what is read, and what is refused in one line that names the row."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arcloop.config import ImportConfig
from arcloop.errors import ConfigError, ExampleError
from arcloop.imports.imported import ImportSampler, contents
from arcloop.imports.layouts import Imported, read_programs
from arcloop.programs import extract, sources
from arcloop.records import Augmentation, Completion, FinishReason, Prompt
from arcloop.sampling import Draw, Request

FLIP = "def transform(grid):\n    return grid[:, ::-1]\n"
PAIRS = [[[[1, 2]], [[2, 1]]], [[[3, 4]], [[4, 3]]], [[[5, 6]], [[6, 5]]]]


def programs(path: Path, *rows: object, **settings: Any) -> list[Imported]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(read_programs(path, ImportConfig(**settings)))


def source(program: Imported) -> str:
    """The program that is found in what a model would have answered."""
    found = extract(Completion("", "", "", program.text, 0, FinishReason.STOP, math.nan), "")
    assert found is not None
    return found.source


def test_a_row_has_a_program_and_what_is_known_of_it(tmp_path: Path) -> None:
    row = {
        "task_id": 7,
        "completion": f"Here:\n```python\n{FLIP}```\nDone.",
        "round": 3.0,
        "logprob": -2,
        "tokens": 11,
        "temperature": 0.5,
        "finish_reason": "length",
        "other": [{}],
    }
    bare = {"task": "t", "program": FLIP, "completion": None, "logprob": math.nan, "temperature": None}
    first, second = programs(tmp_path / "a.jsonl", row, bare)
    assert first == Imported("7", 3, row["completion"], 11, -2.0, 0.5, FinishReason.LENGTH, None)
    assert (second.task_id, second.round, second.tokens, second.temperature) == ("t", 0, 0, 1.0)
    assert math.isnan(second.logprob) and second.finish_reason is FinishReason.STOP
    assert source(first) == source(second) == FLIP


@pytest.mark.parametrize(
    "text",
    [
        FLIP,
        "BLACK = 0\nimport numpy as np\n\n" + FLIP,
        'def helper():\n    """In ``` a fence ```."""\n\n' + FLIP,
        "def main(input_grid):\n    return input_grid\n",
    ],
)
def test_a_program_is_read_from_its_first_line_to_its_last(text: str, tmp_path: Path) -> None:
    (program,) = programs(tmp_path / "a.jsonl", {"task_id": "t", "source": text})
    assert source(program) == text


@pytest.mark.parametrize(
    "text",
    [
        FLIP.replace("return", "# ``` x\n    return"),
        FLIP.replace("return", "s = '```', '~~~'\n    return"),
        "# </think>\n" + FLIP,
        "if True:\n" + "".join("    " + line + "\n" for line in FLIP.splitlines()),
        "solve = transform = lambda grid: grid\n",
        "\ufeffdef transform(grid):\r\n    return '\u00a0\u200b  \n'\n\n",
        "print('no program')",
    ],
)
def test_a_program_is_carried_to_the_character(text: str, tmp_path: Path) -> None:
    (program,) = programs(tmp_path / "a.jsonl", {"task_id": "t", "source": text})
    assert source(program) == text


@pytest.mark.parametrize("name", ["transform", "main"])
def test_programs_of_lists_are_called_with_lists_whatever_their_name_and_wrapping(name: str, tmp_path: Path) -> None:
    code = f"def {name}(rows):\n    assert type(rows) is list\n    return rows[::-1]\n"
    for column, text in (("source", code), ("completion", f"```python\n{code}```<|im_end|>")):
        (program,) = programs(tmp_path / "a.jsonl", {"task_id": "t", column: text}, grids="lists")
        names: dict[str, Any] = {}
        exec(source(program), names)
        assert names["transform"](np.array([[1], [2]])) == [[2], [1]]


def test_what_an_earlier_version_stored_of_a_program_is_read_as_it_was() -> None:
    for text in (f"```python\n{FLIP}```\n", f"~~~python\n{FLIP}~~~\n", FLIP):
        assert sources(Completion("", "", "", text, 0, FinishReason.STOP, math.nan), "")[0] == FLIP


def test_one_row_may_have_several_answers_and_null_is_none(tmp_path: Path) -> None:
    many = programs(tmp_path / "a.jsonl", {"task_id": "t", "responses": [FLIP, "no"]}, {"task_id": "t", "source": None})
    assert [program.text for program in many] == [FLIP, "no", ""]


def test_soar_s_programs_are_called_with_lists(tmp_path: Path) -> None:
    code = (
        "def transform(grid_lst):\n"
        "    out = [row[:] for row in grid_lst]\n"
        "    out[0][0] = 9\n"
        "    assert type(grid_lst) is list and grid_lst[0][0] != 9\n"
        "    return transform(grid_lst[1:]) if len(out) > 2 else out\n"
    )
    row = {"task_id": "t", "code": code, "model": "m", "correct_train_input": [True], "predicted_train_output": [[[1]]]}
    (program,) = programs(tmp_path / "a.jsonl", row)
    names: dict[str, Any] = {}
    exec(source(program), names)
    assert names["transform"](np.array([[1, 2], [3, 4]])) == [[9, 2], [3, 4]]
    # A program that calls itself has lists in its hands already.
    assert names["transform"](np.array([[1, 2]] * 5)) == [[9, 2], [1, 2]]
    # The same of an answer, and not where arrays are asked for.
    answer = {"task_id": "t", "completion": f"```python\n{code}```"}
    (of_answer,) = programs(tmp_path / "b.jsonl", answer, grids="lists")
    assert source(of_answer) == source(program)
    (plain,) = programs(tmp_path / "c.jsonl", row, grids="arrays")
    assert source(plain) == code


def test_barc_s_rows_bring_their_tasks(tmp_path: Path) -> None:
    text = "from common import *\n\ndef main(input_grid):\n    return input_grid[:, ::-1]\n\ndef generate_input():\n    pass\n"
    row = {"source": text, "examples": PAIRS, "seeds": ["x.py"]}
    (program,) = programs(tmp_path / "a.jsonl", row)
    assert program.task_id == "row-000001" and source(program) == text and program.entry is not None
    task, answers = program.entry
    assert [pair.output.tolist() for pair in task.train] == [[[2, 1]], [[4, 3]]]
    assert [grid.tolist() for grid in task.test_inputs] == [[[5, 6]]]
    assert answers is not None and answers[0].tolist() == [[6, 5]]
    found = contents(tmp_path / "a.jsonl", ImportConfig())
    assert list(found.entries) == ["row-000001"] and found.rounds == [0]


def test_columns_of_other_names_are_named(tmp_path: Path) -> None:
    row = {"puzzle": "t", "answer": FLIP, "step": 2, "task_id": 5}
    (program,) = programs(tmp_path / "a.jsonl", row, columns=("task_id=puzzle", "source=answer", "round=step"))
    assert (program.task_id, program.round, source(program)) == ("t", 2, FLIP)
    for wrong in ("puzzle=task_id", "round", "round="):
        with pytest.raises(ConfigError, match="expected FIELD=COLUMN"):
            ImportConfig(columns=(wrong,))


def test_a_table_is_read_without_its_other_columns(tmp_path: Path) -> None:
    rows = [{"task_id": "t", "code": FLIP, "predicted_train_output": [[[[1]]]], "round": None}] * 100
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part-0.parquet")
    pq.write_table(pa.Table.from_pylist(rows[:1]), tmp_path / "part-1.parquet")
    found = contents(tmp_path, ImportConfig())
    assert found.programs == Counter({("t", 0): 101})


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([], "[]; expected an object"),
        ({}, "has nothing; expected a task's id in task_id or task"),
        ({"task_id": "t"}, "has 'task_id'; expected a program in source or code or program or in completion"),
        ({"task_id": True, "source": ""}, "task_id True; expected a task's id"),
        ({"task_id": "t", "source": 3}, "source 3; expected text, or a list of texts"),
        ({"task_id": "t", "source": [FLIP, None]}, "source None; expected text"),
        ({"task_id": "t", "source": "\ud800"}, "source: half a surrogate pair at character 0"),
        ({"task_id": "\ud800", "source": ""}, "task_id: half a surrogate pair"),
        ({"task_id": "t", "source": "", "round": -1}, "round -1; expected a whole number from 0 to 10,000"),
        ({"task_id": "t", "source": "", "round": 0.5}, "round 0.5; expected a whole number"),
        ({"task_id": "t", "source": "", "round": math.inf}, "round inf; expected a whole number"),
        ({"task_id": "t", "source": "", "tokens": "3"}, "tokens '3'; expected a whole number"),
        ({"task_id": "t", "source": "", "logprob": 10**400}, "logprob 1000"),
        ({"task_id": "t", "source": "", "temperature": math.inf}, "temperature inf; expected a number"),
        ({"source": FLIP, "examples": PAIRS[:1]}, "expected a list of two or more pairs"),
        ({"source": FLIP, "examples": ["a", "b"]}, "expected pairs of an input and an output"),
        ({"source": FLIP, "examples": [*PAIRS, [[[77]], [[1]]]]}, "has a cell '77'; expected integers 0–9"),
        ({"source": FLIP, "examples": [*PAIRS, [[[1] * 31], [[1]]]]}, "ARC grids are at most 30×30"),
    ],
)
def test_what_is_no_row_is_one_line_that_names_it(row: object, says: str, tmp_path: Path) -> None:
    fine = {"task_id": "t", "source": FLIP}
    with pytest.raises(ExampleError) as refused:
        programs(tmp_path / "a.jsonl", fine, row)
    assert says in str(refused.value) and str(refused.value).startswith(f"{tmp_path / 'a.jsonl'}, row 2: ")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.jsonl.gz", "a.csv", "nowhere.jsonl"])
def test_a_file_that_is_none_is_one_line(name: str, tmp_path: Path) -> None:
    if name != "nowhere.jsonl":
        (tmp_path / name).write_bytes(b"\x1f\x8b{'not a row'")
    with pytest.raises(ExampleError) as refused:
        list(read_programs(tmp_path / name, ImportConfig()))
    assert str(tmp_path / name) in str(refused.value) and " — " in str(refused.value)


def test_a_draw_is_the_program_of_its_number_and_others_give_nothing(tmp_path: Path) -> None:
    rows = [{"task_id": "t", "completion": f"{number}", "round": 5 * (number % 2)} for number in range(9)]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows, {"task_id": "u", "completion": ""}])
    )
    sampler = ImportSampler(tmp_path / "a.jsonl", ImportConfig(), "compact", {"t"}, 3, tmp_path / "store")
    prompts = [Prompt(f"r{round_}/{task}/p0", task, 0, Augmentation(), 0, "") for round_ in range(3) for task in "tu"]
    draws = {p.id: tuple(Draw(f"{p.id.rpartition('/')[0]}/d{number:05}", 0) for number in range(6)) for p in prompts}
    found = {c.id: c.text for c in sampler.sample([Request(p, draws[p.id]) for p in prompts])}
    assert found == {f"r{r}/t/d{d:05}": f"{2 * d + r}" for r in range(2) for d in range(3)}
    assert sampler.format.prefix == "" and sampler.length("a") == 0
    sampler.close()
