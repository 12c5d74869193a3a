"""Training-set files → a stream of examples.

Reads what the field keeps its training rows in: Parquet, JSON lines, the folders that Hugging
Face's ``datasets`` saves, and JSON objects of rendered chats by task. Rows come one at a time, in
the order of the files, so a set may be larger than memory. A row that is no example is an error
that names it, never skipped.

A row, in any of the table formats, is one of

* ``prompt`` and ``completion``: text, taken as it stands, or a list of messages each;
* ``messages``: a chat whose last message, the assistant's, is the completion;

with optional columns ``id``, ``task_id`` and ``weight``; a column that is null counts as absent.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2

from arcloop.errors import ExampleError
from arcloop.files import UnreadableError, read_json
from arcloop.prompts.format import Chat
from arcloop.records import Example, Message
from arcloop.rowfiles import files_of, rows_of

__all__ = ["read_set"]

_COLUMNS = ("id", "task_id", "prompt", "completion", "messages", "weight")
_ROLES = ("system", "user", "assistant")


def read_set(path: Path, chat: Chat, end: str) -> Iterator[Example]:
    """The examples of a training set, in its order.

    ``path``: a ``.parquet``, ``.jsonl`` or ``.jsonl.gz`` file; a folder of Parquet files; a folder written by
    ``save_to_disk`` of Hugging Face's ``datasets``, of which the split ``train`` is read if it has splits; or a
    ``.json`` file with one object ``{task id: [rendered chat with its answer, …]}``, which alone is read whole.
    ``chat``: renders prompts that are given as messages, and tells where the answer begins in a rendered chat: behind the
    last place with the text that follows a user's message.
    ``end``: text of the token that ends an answer, such as ``<|eot_id|>``; a completion goes up to the first one.

    Where a row does not say, its id is ``<file name>:<number>``, counted from 1, its task id the set's name, and its
    weight 1.

    Raises:
        ExampleError: while iterating: there is no such set, it cannot be read, or a row is no example.
    """
    if path.name.endswith(".json"):
        yield from _rendered(path, chat, end)
        return
    name = path.resolve().name
    for file in files_of(path):
        for number, row in rows_of(file, _COLUMNS):
            example = _example(row, f"{file}, row {number}", chat, end)
            yield replace(example, id=example.id or f"{file.name}:{number}", task_id=example.task_id or name)


def _example(row: Any, where: str, chat: Chat, end: str) -> Example:
    """The example in a row; its names are empty where the row does not give them."""
    if not isinstance(row, dict):
        raise _refusal(where, _short(row), "an object")
    row = {name: value for name, value in row.items() if value is not None}
    if "prompt" in row and "completion" in row:
        prompt, completion = row["prompt"], row["completion"]
        if not isinstance(prompt, str):
            prompt = _prompt(_messages(prompt, f"{where}, prompt"), f"{where}, prompt", chat)
        if not isinstance(completion, str):
            answers = _messages(completion, f"{where}, completion")
            if [m.role for m in answers] != ["assistant"]:
                raise _refusal(f"{where}, completion", _roles(answers), "one message of the assistant")
            completion = answers[0].content
    elif "messages" in row:
        messages = _messages(row["messages"], f"{where}, messages")
        if messages[-1].role != "assistant":
            raise _refusal(f"{where}, messages", _roles(messages), "the assistant's as the last")
        prompt = _prompt(messages[:-1], f"{where}, messages", chat)
        completion = messages[-1].content
    else:
        raise _refusal(where, f"has {', '.join(map(str, row)) or 'nothing'}", "prompt and completion, or messages")
    return Example(
        id=_name(row, "id", where),
        task_id=_name(row, "task_id", where),
        prompt=_filled(prompt, f"{where}, prompt"),
        completion=_filled(completion.partition(end)[0], f"{where}, completion"),
        weight=_weight(row, where),
    )


def _messages(value: Any, where: str) -> list[Message]:
    if not isinstance(value, list) or not value:
        raise _refusal(where, _short(value), "text or a list of messages")
    messages = []
    for message in value:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise _refusal(where, _short(message), "messages of a role and text as content")
        if message.get("role") not in _ROLES:
            raise _refusal(where, f"role {_short(message.get('role'))}", f"one of {', '.join(_ROLES)}")
        messages.append(Message(message["role"], message["content"]))
    return messages


def _prompt(messages: list[Message], where: str, chat: Chat) -> str:
    if not messages or messages[-1].role == "assistant":
        raise _refusal(where, _roles(messages), "a prompt that ends with a message of the user")
    try:
        return chat(messages)
    except jinja2.TemplateError as error:
        raise _refusal(
            where, f"the model's chat template refuses it ({error})", "messages that the template knows"
        ) from None


def _name(row: dict[str, Any], column: str, where: str) -> str:
    value = row.get(column, "")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _refusal(f"{where}, {column}", _short(value), "text or a whole number")
    return str(value)


def _weight(row: dict[str, Any], where: str) -> float:
    value = row.get("weight", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _refusal(f"{where}, weight", _short(value), "a number of 0 or more")
    return float(value)


def _filled(text: str, where: str) -> str:
    if not text:
        raise _refusal(where, "empty", "text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _refusal(where, f"half a surrogate pair at character {error.start}", "text") from None
    return text


def _rendered(path: Path, chat: Chat, end: str) -> Iterator[Example]:
    """The examples of one JSON object of rendered chats by task id."""
    try:
        tasks = read_json(path)
    except UnreadableError as error:
        raise ExampleError(
            f"{path}: cannot be read as JSON ({error}); expected one object — name a file of JSON lines .jsonl"
        ) from None
    if not isinstance(tasks, dict):
        raise _refusal(str(path), _short(tasks), "an object {task id: [rendered chat, …]}")
    begin = _answer_begin(chat)
    for task_id, texts in tasks.items():
        if not isinstance(texts, list):
            raise _refusal(f"{path}, task {task_id}", _short(texts), "a list of rendered chats")
        for number, text in enumerate(texts, 1):
            where = f"{path}, task {task_id}, row {number}"
            if not isinstance(text, str):
                raise _refusal(where, _short(text), "a rendered chat")
            before, mark, after = text.rpartition(begin)
            if not mark:
                raise _refusal(where, _short(text), f"a chat in the model's template, with {begin!r} before its answer")
            completion = _filled(after.partition(end)[0], f"{where}, answer")
            yield Example(f"{task_id}/{number}", task_id, before + mark, completion)


def _answer_begin(chat: Chat) -> str:
    """What the chat template writes between a user's message and the answer."""
    message = "7~arcloop~7"  # what no template says by itself
    begin = chat([Message("user", message)]).rpartition(message)[2]
    if not begin.strip():
        raise ExampleError(
            "the model's chat template writes nothing before an answer; expected a mark to split rendered chats at — give the set as prompts and completions"
        )
    return begin


def _refusal(where: str, met: str, expected: str) -> ExampleError:
    return ExampleError(f"{where}: {met}; expected {expected} — mend the set")


def _roles(messages: list[Message]) -> str:
    return f"messages of {', '.join(m.role for m in messages) or 'nobody'}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
