"""Every format of a training set gives the same examples, and a bad row is named."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arcloop.errors import ExampleError
from arcloop.model.language import LanguageModel, chat_text, load_model
from arcloop.records import Example, Message
from arcloop.training.examples import read_set
from arcloop.training.rows import encode_rows

END = "<end>"


def chat(messages: Sequence[Message]) -> str:
    return "".join(f"[{m.role}]{m.content}{END}" for m in messages) + "[assistant]"


def read(path: Path) -> list[Example]:
    return list(read_set(path, chat, END))


def turns(number: int) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": f"question {number}"},
        {"role": "assistant", "content": f"answer {number}"},
    ]


def rows(count: int = 150) -> list[dict[str, Any]]:
    return [
        {"id": f"e{k}", "task_id": f"t{k % 3}", "messages": turns(k), "weight": k / 2, "other": k} for k in range(count)
    ]


def expected(count: int = 150) -> list[Example]:
    return [
        Example(
            f"e{k}",
            f"t{k % 3}",
            f"[system]be brief{END}[user]question {k}{END}[assistant]",
            f"answer {k}",
            k / 2,
        )
        for k in range(count)
    ]


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def write_lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_saved(folder: Path, rows: list[dict[str, Any]], files: int) -> Path:
    """What ``save_to_disk`` of datasets 5.2 leaves, less what nobody reads."""
    folder.mkdir(parents=True)
    size = -(-len(rows) // files)
    names = [f"data-{k:05}-of-{files:05}.arrow" for k in range(files)]
    for k, name in enumerate(names):
        table = pa.Table.from_pylist(rows[k * size : (k + 1) * size])
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names], "_format_type": None, "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def test_a_parquet_file_gives_its_rows_in_order(tmp_path: Path) -> None:
    assert read(write_parquet(tmp_path / "a.parquet", rows())) == expected()


def test_a_folder_of_parquet_files_gives_them_by_name(tmp_path: Path) -> None:
    write_parquet(tmp_path / "b.parquet", rows()[100:])
    write_parquet(tmp_path / "a.parquet", rows()[:100])
    assert read(tmp_path) == expected()


def test_json_lines_give_their_rows_plain_and_compressed(tmp_path: Path) -> None:
    plain = write_lines(tmp_path / "a.jsonl", rows())
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(plain) == read(packed) == expected()


def test_a_saved_data_set_is_read_in_the_order_of_its_state(tmp_path: Path) -> None:
    folder = write_saved(tmp_path / "saved", rows(), files=2)
    (folder / "cache-0123.arrow").write_bytes(b"kept by datasets for itself")
    assert read(folder) == expected()


def test_of_a_saved_data_set_with_splits_the_one_named_train_is_read(tmp_path: Path) -> None:
    write_saved(tmp_path / "train", rows(), files=1)
    write_saved(tmp_path / "test", rows(1), files=1)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert read(tmp_path) == expected()


def test_rows_without_names_are_numbered_in_their_file_and_belong_to_one_task(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for name in ("a", "b"):
        write_parquet(folder / f"{name}.parquet", [{"prompt": "p", "completion": "c"}] * 2)
    made = read(folder)
    assert [e.id for e in made] == ["a.parquet:1", "a.parquet:2", "b.parquet:1", "b.parquet:2"]
    assert {(e.task_id, e.weight) for e in made} == {("set", 1.0)}


def test_a_set_is_streamed(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [*rows(2), "not a row"])
    examples = read_set(path, chat, END)
    assert [next(examples), next(examples)] == expected(2)


def test_prompts_and_completions_are_text_as_it_stands_or_messages(tmp_path: Path) -> None:
    question, answer = turns(0)[1:2], turns(0)[2:]
    texts = {"prompt": f"[user]question 0{END}[assistant]", "completion": "answer 0"}
    chats = {"prompt": question, "completion": answer}
    path = write_lines(tmp_path / "a.jsonl", [texts, chats, texts | {"completion": f"answer 0{END}\n"}])
    made = read(path)
    assert {(e.prompt, e.completion) for e in made} == {(texts["prompt"], texts["completion"])}
    assert [(e.id, e.task_id, e.weight) for e in made] == [(f"a.jsonl:{k}", "a.jsonl", 1.0) for k in (1, 2, 3)]


def test_a_null_counts_as_absent_and_names_may_be_numbers(tmp_path: Path) -> None:
    [example] = read(
        write_lines(
            tmp_path / "a.jsonl",
            [{"prompt": None, "completion": "x", "messages": turns(0), "id": 7, "task_id": None, "weight": None}],
        )
    )
    assert (example.id, example.task_id, example.weight) == ("7", "a.jsonl", 1.0)
    assert example.completion == "answer 0"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (3, "3; expected an object"),
        ({"prompt": "a"}, "has prompt; expected prompt and completion, or messages"),
        ({"text": "a"}, "has text; expected"),
        ({"prompt": 3, "completion": "a"}, "prompt: 3; expected text or a list of messages"),
        ({"prompt": "", "completion": "a"}, "prompt: empty; expected text"),
        ({"prompt": "a", "completion": END + "b"}, "completion: empty; expected text"),
        ({"prompt": turns(0), "completion": "a"}, "expected a prompt that ends with a message of the user"),
        ({"prompt": "a", "completion": turns(0)}, "messages of system, user, assistant; expected one message"),
        ({"messages": turns(0)[:2]}, "messages of system, user; expected the assistant's as the last"),
        ({"messages": turns(0)[2:]}, "messages of nobody; expected a prompt that ends"),
        ({"messages": []}, "messages: []; expected text or a list"),
        ({"messages": [{"role": "user"}]}, "{'role': 'user'}; expected messages of a role and text as content"),
        ({"messages": [{"role": "human", "content": "a"}]}, "role 'human'; expected one of system, user, assistant"),
        ({"prompt": "a", "completion": "b", "weight": -1}, "weight: -1; expected a number of 0 or more"),
        ({"prompt": "a", "completion": "b", "weight": float("nan")}, "weight: nan; expected"),
        ({"prompt": "a", "completion": "b", "weight": True}, "weight: True; expected"),
        ({"prompt": "a", "completion": "b", "task_id": [1]}, "task_id: [1]; expected text or a whole number"),
    ],
)
def test_a_row_that_is_no_example_is_named(tmp_path: Path, row: object, said: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"prompt": "a", "completion": "b"}, row])
    with pytest.raises(ExampleError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}, row 2")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_line_that_is_not_json_is_named_and_an_empty_one_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n\n{"prompt"\n')
    with pytest.raises(ExampleError, match=r"row 3: not JSON.*; expected one JSON object per line"):
        read(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[" * 100_000, "too many levels"),
        ('{"weight": ' + "9" * 5_000 + "}", "thousands of digits"),
        ('{"prompt": "a", "prompt": "b", "completion": "c"}', "stands twice"),
    ],
)
def test_a_line_that_no_program_would_write_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n")
    with pytest.raises(ExampleError, match=rf"row 1: .*{said}"):
        read(tmp_path / "a.jsonl")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_no_part_of_the_first_row(tmp_path: Path, encoding: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", rows())
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path) == read(packed) == expected()


def test_columns_of_a_table_that_hold_no_examples_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="row 1: has question, text; expected prompt and completion"):
        read(write_parquet(tmp_path / "a.parquet", [{"question": "a", "text": "b"}]))


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl.gz", "a.jsonl", "a.json", "a.csv"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe neither\n")
    with pytest.raises(ExampleError, match=rf"{name}: .*; expected .* — "):
        read(path)


def test_a_missing_set_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="no such file or folder"):
        read(tmp_path / "none")
    with pytest.raises(ExampleError, match="neither Parquet files nor a saved data set"):
        read(tmp_path)
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(ExampleError, match=r"state.json: cannot be read .* — save the data set anew"):
        read(tmp_path)
    (tmp_path / "dataset_dict.json").write_text("{}")
    with pytest.raises(ExampleError, match="expected a split named train"):
        read(tmp_path)


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load_model("embedded")


def test_rendered_chats_give_the_tokens_of_the_whole_text(tmp_path: Path, model: LanguageModel) -> None:
    program = "from common import *\n\ndef transform(input_grid):\n    return np.flip(input_grid, 0) # <not the end>"
    conversation = [
        {"role": "user", "content": "Input:\nBlack Blue\n"},
        {"role": "assistant", "content": "an earlier answer"},
        {"role": "user", "content": "Input:\nRed Red"},
        {"role": "assistant", "content": program},
    ]
    long = str(model.tokenizer.apply_chat_template(conversation, tokenize=False))
    short = str(model.tokenizer.apply_chat_template(conversation[2:], tokenize=False))
    bare = short.removesuffix("<|eot_id|>")
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"t1": [long, short], "t2": [short + "<|eot_id|>\n", bare]}))
    end = model.tokenizer.decode([model.end_id])
    assert isinstance(end, str)
    examples = list(read_set(path, lambda messages: chat_text(model.tokenizer, messages), end))
    assert [(e.id, e.task_id) for e in examples] == [("t1/1", "t1"), ("t1/2", "t1"), ("t2/1", "t2"), ("t2/2", "t2")]
    assert {e.completion for e in examples} == {program}
    made, dropped = encode_rows(model, examples, 10_000)
    assert dropped == 0
    for row, text in zip(made, [long, short, short, short], strict=True):
        assert list(row.ids) == model.tokenizer(text, add_special_tokens=False)["input_ids"]
        header = model.tokenizer.decode(list(row.ids[: row.prompt]))
        assert isinstance(header, str)
        assert header.endswith("<|start_header_id|>assistant<|end_header_id|>\n\n")


def test_messages_give_the_tokens_of_the_whole_text_too(tmp_path: Path, model: LanguageModel) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"messages": turns(0)}])
    examples = list(read_set(path, lambda messages: chat_text(model.tokenizer, messages), "<|eot_id|>"))
    whole = model.tokenizer.apply_chat_template(turns(0), tokenize=False)
    [row], _ = encode_rows(model, examples, 10_000)
    assert list(row.ids) == model.tokenizer(whole, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([1], r"\[1\]; expected an object"),
        ({"t": "a"}, "task t: 'a'; expected a list of rendered chats"),
        ({"t": ["[assistant]x", 3]}, "task t, row 1: .*; expected a chat in the model's template"),
        ({"t": [f"[user]q{END}[assistant]{END}"]}, "task t, row 1, answer: empty"),
        ({"t": [f"[user]q{END}[assistant]a", 3]}, "task t, row 2: 3; expected a rendered chat"),
    ],
)
def test_a_rendered_chat_without_an_answer_is_named(tmp_path: Path, tasks: object, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(tasks))
    with pytest.raises(ExampleError, match=said):
        read(path)


def test_rendered_chats_need_a_template_that_marks_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"t": ["question answer"]}')
    with pytest.raises(ExampleError, match="writes nothing before an answer"):
        list(read_set(path, lambda messages: " ".join(m.content for m in messages), END))
