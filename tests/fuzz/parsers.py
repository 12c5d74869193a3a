"""Everything in arcloop that reads what others wrote: bytes in, something made of them or a clear refusal out."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from arcloop.cli.execute import read_job
from arcloop.config import Config, ImportConfig, SamplingConfig, ServerConfig, config_json, read_config, with_recipe
from arcloop.config.stored import from_json
from arcloop.errors import ArcloopError
from arcloop.evaluation.submitted import score_submission, submission_faults
from arcloop.execution.frame import FrameError, pack
from arcloop.execution.frame import parse as parse_frame
from arcloop.execution.message import MessageError, Report, split
from arcloop.files import UnreadableError, parse_json, text_in
from arcloop.imports.layouts import read_programs
from arcloop.model.card import ModelCard
from arcloop.model.description import adapter_rank
from arcloop.programs import sources
from arcloop.prompts.format import PromptFormat
from arcloop.records import Augmentation, Completion, FinishReason, Message, Prompt
from arcloop.runs.numbers import GroupNumbers, Manifest, SearchNumbers
from arcloop.runs.schema import read_numbers, stored
from arcloop.runs.tables import COMPLETIONS, EXECUTIONS
from arcloop.sampling import Draw
from arcloop.sampling.chat import ChatSampler, chat_json
from arcloop.sampling.refusal import RefusedError, refusal
from arcloop.sampling.reply import read
from arcloop.submission.kaggle import submission_json, validate
from arcloop.submission.voting import vote
from arcloop.tasks.arcjson import task_to_json
from arcloop.tasks.sets import load_answers, load_tasks
from arcloop.training.examples import read_set
from tests.arc_grids import FLIP
from tests.fakes import NOTHING

__all__ = ["PARSERS", "Parser"]


@dataclass(frozen=True)
class Parser:
    """Something that reads what others wrote."""

    name: str
    read: Callable[[bytes, Path], object]
    """Reads the bytes; the folder is for files, and is empty or holds what the last call has left."""
    seeds: tuple[bytes, ...]
    """What it is meant to read."""

    def check(self, content: bytes, folder: Path) -> bool:
        """Read it; False if it is refused, in one line that can be printed. Everything else is raised."""
        try:
            self.read(content, folder)
        except (ArcloopError, UnreadableError, RefusedError, FrameError, MessageError) as error:
            line = str(error)
            assert "\n" not in line and len(line) < 2_000, line[:3_000]
            line.encode()
            return False
        return True


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    """A parser of files, from what reads one."""

    def parse(content: bytes, folder: Path) -> object:
        (folder / name).write_bytes(content)
        return read(folder / name)

    return parse


def _json(*contents: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(content).encode() for content in contents)


def _chat(messages: list[Message]) -> str:
    return "".join(f"<{message.role}>{message.content}" for message in messages) + "<assistant>"


def _rows(path: Path) -> object:
    return list(read_set(path, _chat, "<end>"))


def _solutions(content: bytes, folder: Path) -> object:
    (folder / "a_challenges.json").write_bytes(_json({"flip": _TASK})[0])
    (folder / "a_solutions.json").write_bytes(content)
    return load_answers(str(folder / "a_challenges.json"))


def _reply(content: bytes, folder: Path) -> object:
    # What a server makes of bytes that are no text.
    answer = read(content.decode("utf-8-sig", "replace"), "application/json", choices=True)
    completions = _SAMPLER._completions(answer, Prompt("p", "t", 0, Augmentation(), 0, ""), _DRAWS)
    assert all(type(c.tokens) is int and c.text.encode() is not None for c in completions)
    return completions


def _refusal(content: bytes, folder: Path) -> object:
    raise refusal(parse_json(text_in(content)), 429)


def _submission(content: bytes, folder: Path) -> object:
    found = parse_json(text_in(content))
    assert all(line.isprintable() for line in submission_faults(found, [FLIP], {"other": 1}, "submission"))
    score_submission(found, [FLIP], {FLIP.id: FLIP.test_inputs})
    return validate(found, [FLIP])


def _program(content: bytes, folder: Path) -> object:
    text = content.decode("utf-8", "surrogateescape")
    found = sources(Completion("c", "p", "t", text, 1, FinishReason.STOP, -1.0), "")
    assert sum(map(len, found)) <= 6 * (len(text) + 10)
    return found


def _frame(content: bytes, folder: Path) -> object:
    return parse_frame(content, 2)


def _reports(content: bytes, folder: Path) -> object:
    buffer, found = bytearray(content), []
    while (body := split(buffer, 10_000)) is not None:
        with suppress(MessageError):
            found.append(Report.parse(body))
    return found


def _table(rows: list[dict[str, object]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue().to_pybytes())


_TASK = task_to_json(FLIP)
_MESSAGES = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
_CHOICE = {
    "index": 0,
    "text": "a",
    "message": {"role": "assistant", "content": [{"type": "text", "text": {"value": "a"}}], "reasoning": "why"},
    "finish_reason": "stop",
    "logprobs": {"token_logprobs": [-1.0, None], "content": [{"logprob": -1}]},
}
_ERROR = {"error": {"message": "no", "type": "invalid", "param": "n", "code": 429}}
_SERVED = ServerConfig("http://127.0.0.1:1", model="m")
_SAMPLER = ChatSampler("m", PromptFormat("plain", chat_json), SamplingConfig(max_tokens=8), _SERVED)
_DRAWS = (Draw("a", 1), Draw("b", 2))
_ROW = {"prompt": "a", "completion": "b", "id": 1, "task_id": "t", "weight": 1.0}

PARSERS = (
    Parser(
        "task", _file("a.json", lambda path: load_tasks(str(path))), _json(_TASK, [*_TASK["train"], *_TASK["train"]])
    ),
    Parser("challenges", _file("c.json", lambda path: load_tasks(str(path))), _json({"a": _TASK, "b": _TASK})),
    Parser("solutions", _solutions, _json({"flip": [[[1]], [[2]]]})),
    Parser(
        "programs",
        lambda content, folder: read_job(content, 0),
        _json({"id": "a", "source": "def transform(g):\n    return g", "inputs": [[[1, 2]]]}),
    ),
    Parser(
        "rows",
        _file("a.jsonl", _rows),
        _json(_ROW, {"messages": _MESSAGES}, {"prompt": _MESSAGES[:1], "completion": _MESSAGES[1:]}),
    ),
    Parser(
        "rendered chats",
        _file("a.json", _rows),
        _json({"t": [_chat([Message("user", "a")]) + "b<end>"]}),
    ),
    Parser("table of rows", _file("a.parquet", _rows), (_table([_ROW, _ROW]),)),
    Parser("configuration", _file("config.json", read_config), (config_json(Config("drawing", rounds=3)).encode(),)),
    Parser(
        "recipe",
        _file("a.toml", lambda path: with_recipe(Config("drawing"), str(path))),
        (b"rounds = 3\n[sampling]\ntop_p = 1\ntemperature = [1, 0.8]\n",),
    ),
    Parser(
        "model card",
        _file("arcloop.json", lambda path: from_json(ModelCard, path)),
        _json({"template": "plain", "cells": 9}),
    ),
    Parser(
        "adapter",
        _file("adapter_config.json", lambda path: adapter_rank(path.parent)),
        _json({"peft_type": "LORA", "r": 8, "rank_pattern": {"q_proj": 4}}),
    ),
    Parser(
        "reply",
        _reply,
        (
            *_json({"choices": [_CHOICE], "usage": {"completion_tokens": 3}}, _ERROR, {"choices": [_ERROR]}),
            b'data: {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}\ndata: [DONE]\n',
            b'id: 1\nevent: error\ndata: {"code": 429,\ndata: "message": "slow"}\n\nretry: 3\n',
            b': wait\n\n{"choices": [{"index": "1", "delta": {"reasoning_details": [{"text": "a"}]}}]}\n'
            b'{"choices": [{"index": 1, "message": {"content": [["b"]]}, "finish_reason": {"type": "length"}}]}',
        ),
    ),
    Parser("refusal", _refusal, _json(_ERROR, {"detail": [{"msg": "no"}]}, {"error": "no"}, "no")),
    Parser(
        "completion",
        _program,
        (b"Here:\n```python\ndef transform(g):\n    return g\n```\nIt works.", b"def main(g): return g"),
    ),
    Parser("frame", _frame, (pack(0, b"", [b"\1\1\5", b"\1\2\3\4"]), pack(1, b"no", [b"\0\0", b"\1\1\1"]))),
    Parser("reports", _reports, (b"\0" * 40,)),
    Parser(
        "numbers of a group",
        _file("metrics.json", lambda path: read_numbers(GroupNumbers, path)),
        _json(stored(NOTHING), stored(NOTHING) | {"schema": 2}),
    ),
    Parser(
        "numbers of a search",
        _file("search.json", lambda path: read_numbers(SearchNumbers, path)),
        _json(stored(NOTHING.search), {"tasks": 3}),
    ),
    Parser(
        "manifest",
        _file("manifest.json", lambda path: read_numbers(Manifest, path)),
        _json(stored(Manifest({"a": "1"}, "t", "m"))),
    ),
    Parser(
        "completions of a run",
        _file("completions.parquet", lambda path: COMPLETIONS.read(path.parent)),
        (_table([{"id": "a"}]),),
    ),
    Parser(
        "executions of a run",
        _file("executions.parquet", lambda path: EXECUTIONS.read(path.parent)),
        (_table([{"id": "a"}]),),
    ),
    Parser(
        "programs to import",
        _file("a.jsonl", lambda path: list(read_programs(path, ImportConfig()))),
        _json(
            {"task_id": "t", "completion": "a", "round": 1, "logprob": -1.5, "tokens": 3},
            {"task_id": "t", "code": "def transform(g):\n    return g", "model": "m"},
            {"source": "def main(g):\n    return g", "examples": [[[[1]], [[2]]], [[[3]], [[4]]]]},
        ),
    ),
    Parser("submission", _submission, (submission_json(vote([], FLIP)).encode(),)),
)
