"""Sampling from a server: what is asked, what becomes of every way in which it can fail, and a real one."""

import asyncio
import contextlib
import email.utils
import gzip
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from arcloop.cli import main
from arcloop.config import AugmentConfig, Config, PromptConfig, SamplingConfig, ServerConfig, TrainingConfig
from arcloop.errors import ConfigError, RunError, ServerError
from arcloop.model.card import model_folder
from arcloop.model.language import load_tokenizer, prompt_format
from arcloop.programs import extract
from arcloop.prompts.format import PromptFormat, make_prompts
from arcloop.records import Completion, FinishReason
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Draw, Request
from arcloop.sampling.chat import ChatSampler, chat_json
from arcloop.sampling.key import Key
from arcloop.sampling.lora import check_lora, lora_rank_limit
from arcloop.sampling.openai import OpenAISampler
from arcloop.sampling.refusal import RefusedError
from arcloop.sampling.server import Server, _retry_after
from arcloop.sampling.stream import stream
from tests.arc_grids import FLIP
from tests.sampling.loopback import Loopback, Reply, choices
from tests.serving import transformers_serve

TOKENIZER = load_tokenizer("embedded")
FORMAT = prompt_format("embedded", TOKENIZER, PromptConfig())
DONE: Reply = (200, b"Success: LoRA adapter 'a' added successfully.", {"content-type": "text/plain"})
"""What vLLM says to an adapter."""
SAMPLING = SamplingConfig(max_tokens=24, max_prompt_tokens=4096)


def requests(prompts: int, draws: int, format_: PromptFormat = FORMAT) -> list[Request]:
    made = make_prompts(FLIP, 0, prompts, 1, AugmentConfig(), format_, seed=1)
    return [Request(p, tuple(Draw(f"{p.id}/d{k}", 1000 * n + k) for k in range(draws))) for n, p in enumerate(made)]


def sampler(server: Loopback, waits: list[float] | None = None, **settings: Any) -> OpenAISampler:
    """A sampler whose waiting takes no time and is noted."""

    async def wait(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    config = ServerConfig(**{"base_url": server.url, "retries": 2, **settings})
    return OpenAISampler("embedded", TOKENIZER, FORMAT, SAMPLING, config, server=Server(config, wait))


def sample(of: OpenAISampler | ChatSampler, asked: list[Request]) -> dict[str, Completion]:
    made = list(of.sample(asked))
    by_id = {completion.id: completion for completion in made}
    assert len(by_id) == len(made)
    return by_id


def ids(asked: list[Request]) -> set[str]:
    return {draw.completion_id for request in asked for draw in request.draws}


def test_a_prompt_is_one_request_that_says_all_of_the_configuration() -> None:
    asked = requests(2, 3)
    with Loopback(lambda path, body: choices(body)) as server:
        made = sample(sampler(server), asked)
    assert made.keys() == ids(asked)
    assert len(server.asked) == 2
    path, body, _ = min(server.asked, key=lambda item: item[1]["seed"])
    assert path == "/v1/completions"
    assert body["prompt"] == TOKENIZER(asked[0].prompt.text, add_special_tokens=False)["input_ids"]
    expected = {"model": "served", "n": 3, "seed": 0, "max_tokens": 24, "temperature": 1.0, "top_p": 0.95, "top_k": 0}
    assert expected.items() <= body.items()
    for completion in made.values():
        assert (completion.tokens, completion.logprob) == (2, -1.5)
        assert completion.finish_reason is FinishReason.STOP


def test_draws_of_other_temperatures_are_other_requests() -> None:
    (request,) = requests(1, 4)
    draws = tuple(replace(draw, temperature=(1.0, 0.5)[k % 2]) for k, draw in enumerate(request.draws))
    with Loopback(lambda path, body: choices(body)) as server:
        made = sample(sampler(server), [replace(request, draws=draws)])
    assert sorted((body["temperature"], body["n"], body["seed"]) for _, body, _ in server.asked) == [
        (0.5, 2, 1),
        (1.0, 2, 0),
    ]
    assert {i: c.temperature for i, c in made.items()} == {draw.completion_id: draw.temperature for draw in draws}


def test_a_server_that_ignores_n_is_asked_for_each_draw_with_its_own_seed() -> None:
    asked = requests(2, 4)
    with Loopback(lambda path, body: choices(body, 1)) as server:
        made = sample(sampler(server, concurrency=1), asked)
    assert made.keys() == ids(asked)
    assert sorted(body["seed"] for _, body, _ in server.asked) == [0, 1, 2, 3, 1000, 1001, 1002, 1003]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_failures_are_repeated_with_growing_waits(status: int) -> None:
    replies = iter([status, status])

    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (next_, {"error": {"message": "busy"}}, {}) if (next_ := next(replies, 200)) != 200 else choices(body)

    waits: list[float] = []
    with Loopback(answer) as server:
        used = sampler(server, waits)
        made = sample(used, requests(1, 2))
    assert {c.finish_reason for c in made.values()} == {FinishReason.STOP}
    # A 500 is first answered by the same as text: some servers fail at token ids in this way.
    assert len(waits) == (1 if status == 500 else 2) and 0.5 <= waits[0] <= 1
    assert all(1 <= wait <= 2 for wait in waits[1:])


PASSING_IN_200: list[Any] = [
    {"code": 429, "message": "too many requests, slow down"},
    {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}, "choices": None},
    b'event: error\ndata: {"code":429,"message":"Rate limit"}\n\n',
    b'data: {"choices":[{"index":0,"text":"def trans"}]}\n\n',
    b'{"choices":[{"text":"def trans',
    {"choices": [{"text": "", "finish_reason": "engine_overloaded"}]},
    {"choices": [{"text": "def trans", "error": {"code": 502, "message": "died"}}]},
    b": PROCESSING\n\n",
]
"""Failures that may pass, of status 200."""


@pytest.mark.parametrize("failure", PASSING_IN_200)
def test_failures_of_status_200_are_repeated_and_end_the_run_like_others(failure: Any) -> None:
    replies = iter([failure])
    with Loopback(lambda path, body: (200, failed, {}) if (failed := next(replies, None)) else choices(body)) as server:
        used = sampler(server)
        made = sample(used, requests(1, 2))
    assert {c.text for c in made.values()} == {"text 0", "text 1"} and used._server.usage.repeated == 1
    told = pytest.raises(ServerError, match=r"one after the other.*resume")
    with Loopback(lambda path, body: (200, failure, {})) as server, told:
        sample(sampler(server, concurrency=2, retries=0), requests(40, 1))
    assert len(server.asked) < 20


def test_a_rate_limit_is_waited_out_by_every_request() -> None:
    replies = iter([429])

    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (429, {}, {"retry-after": "7"}) if next(replies, 200) == 429 else choices(body)

    waits: list[float] = []
    with Loopback(answer) as server:
        sample(sampler(server, waits, concurrency=1), requests(2, 1))
    assert sum(6 < wait <= 7 for wait in waits) >= 2


def test_a_server_that_says_when_is_asked_more_often_than_one_that_does_not() -> None:
    for header, tries in (({"retry-after": "1"}, 21), ({}, 3)):
        server = Loopback(lambda path, body, header=header: (429, {"error": "slow"}, header))
        with server, pytest.raises(ServerError, match="429: slow"):
            sample(sampler(server), requests(1, 1))
        assert abs(len(server.asked) - tries) <= 1


def test_an_answer_without_an_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcloop.sampling.server._LARGEST", 1 << 20)
    bomb = gzip.compress(b" " * (4 << 20))  # four thousand bytes that unpack to four million

    async def ask(emit: Callable[[str], None]) -> None:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(200, headers={"content-encoding": "gzip"}, content=bomb)
        )
        async with httpx.AsyncClient(transport=transport) as client:
            try:
                await Server(ServerConfig(base_url="http://127.0.0.1:1")).post(client, "/completions", {})
            except RefusedError as refused:
                emit(str(refused))

    assert list(stream(ask)) == ["an answer of more than 1 MB came"]


def test_an_answer_that_drips_is_waited_for_no_longer_than_a_silent_one() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError), contextlib.closing(writer):
            while not writer.is_closing():
                writer.write(b"1\r\n \r\n")
                await writer.drain()
                await asyncio.sleep(0.02)

    async def ask(emit: Callable[[str], None]) -> None:
        async with await asyncio.start_server(drip, "127.0.0.1", 0) as dripping:
            port = dripping.sockets[0].getsockname()[1]
            config = ServerConfig(f"http://127.0.0.1:{port}/v1", timeout=0.3, retries=1)
            server = Server(config, lambda seconds: asyncio.sleep(0))
            async with server.client() as client:
                try:
                    await asyncio.wait_for(server.post(client, "/completions", {}), 20)
                except RefusedError as refused:
                    emit(f"{refused}, {server.usage.requests} times")
            await asyncio.sleep(0.1)  # until the other side has noticed

    assert list(stream(ask)) == ["no whole answer came within 0.3 seconds, 2 times"]


def test_a_redirection_elsewhere_is_told_and_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", "the-key")

    def away(path: str, body: dict[str, Any]) -> Reply:
        return 307, {}, {"location": f"{other.url}/completions"}

    def on(path: str, body: dict[str, Any]) -> Reply:
        return choices(body) if path == "/v1/there" else (307, {}, {"location": "/v1/there"})

    # Another port is another server, which must not be given the key.
    told = pytest.raises(ServerError, match=r"redirects to .*; expected an API there")
    with Loopback(lambda path, body: choices(body)) as other, Loopback(away) as server, told:
        sample(sampler(server), requests(1, 1))
    assert server.asked and not other.asked
    with Loopback(on) as server:
        assert len(sample(sampler(server), requests(1, 1))) == 1


def test_the_time_to_wait_is_a_number_or_a_date() -> None:
    assert _retry_after("2.5") == 2.5
    assert 50 < _retry_after(email.utils.formatdate(time.time() + 60, usegmt=True)) <= 60
    assert _retry_after("") == _retry_after("soon") == _retry_after("-1") == 0


def test_a_time_to_wait_that_no_calendar_has_is_none() -> None:
    assert _retry_after("Mon, 01 Jan 99999999999999999999 00:00:00 GMT") == 0


def test_a_loop_that_cannot_begin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(coroutine: Any) -> None:
        coroutine.close()
        raise OSError("too many open files")

    async def nothing(emit: Callable[[int], None]) -> None:
        emit(1)

    monkeypatch.setattr("arcloop.sampling.stream.asyncio.run", full)
    with pytest.raises(OSError, match="too many open files"):
        list(stream(nothing))


def test_what_fails_to_the_end_is_recorded_and_never_missing() -> None:
    asked = requests(6, 2)

    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (500, {"error": {"message": "out of memory"}}, {}) if body["seed"] == 3000 else choices(body)

    with Loopback(answer) as server:
        made = sample(sampler(server, concurrency=2), asked)
    assert made.keys() == ids(asked)
    failed = [c for c in made.values() if c.finish_reason is FinishReason.ERROR]
    assert {c.id for c in failed} == {draw.completion_id for draw in asked[3].draws}
    for completion in failed:
        assert "out of memory" in completion.text
        assert completion.tokens == 0 and math.isnan(completion.logprob)
        assert extract(completion, "") is None


def test_the_message_of_a_failure_is_no_program() -> None:
    text = "def transform(grid):\n    return grid"
    assert extract(Completion("a", "b", "c", text, 0, FinishReason.ERROR, math.nan), "") is None


@pytest.mark.parametrize(("prompts", "replies"), [(2, 2), (200, 12)])
def test_a_run_stops_when_nothing_but_failures_comes(prompts: int, replies: int) -> None:
    with Loopback(lambda path, body: (400, {"error": {"message": "no"}}, {})) as server:
        used = sampler(server, concurrency=12)
        with pytest.raises(ServerError, match=r"400: no.*resume"):
            sample(used, requests(prompts, 2))
    # Each was put in four ways, as token ids and as text, with what is optional and without; 12 more were under way.
    assert len(server.asked) <= 4 * (replies + 12)


def test_a_refused_key_stops_the_run_and_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", "secret-key")
    with Loopback(lambda path, body: (401, {"error": {"message": "bad key secret-key"}}, {})) as server:
        with pytest.raises(ServerError, match="ARCLOOP_API_KEY") as error:
            sample(sampler(server), requests(1, 1))
        assert server.asked[0][2]["authorization"] == "Bearer secret-key"
    assert "secret-key" not in str(error.value)


def test_a_key_with_a_line_end_is_the_key_and_other_characters_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", "secret-key\r\n")
    with Loopback(lambda path, body: choices(body)) as server:
        sample(sampler(server), requests(1, 1))
        assert server.asked[0][2]["authorization"] == "Bearer secret-key"
        for key in ("sécret", "sec\rret"):
            monkeypatch.setenv("ARCLOOP_API_KEY", key)
            with pytest.raises(ConfigError, match="characters that no key has") as error:
                sampler(server)
            assert key not in str(error.value)


def test_a_key_repeated_by_the_server_is_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")

    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (402, {"error": {"message": "secret-key has no funds"}}, {}) if body["seed"] else choices(body)

    with Loopback(answer) as server:
        made = sample(sampler(server, concurrency=1), requests(2, 1))
    assert ["secret-key" in c.text for c in made.values()] == [False, False]
    assert any("has no funds" in c.text for c in made.values())


SECRET = "sk-proj-7f3/Q+e=" + "0123456789" * 3
"""A key as a service makes them, with a character that JSON may escape."""


def escaped(key: str) -> str:
    return "".join(rf"\u{ord(character):04X}" for character in key)


WITH_KEY: dict[str, tuple[int, Any, dict[str, str]]] = {
    "one of several choices is an error": (
        200,
        {"choices": [{"text": "a"}, {"error": {"message": f"bad key {SECRET}"}, "message": {"content": ""}}]},
        {},
    ),
    "one of several choices has another shape": (200, {"choices": [{"text": "a"}, {"k": SECRET}]}, {}),
    "a reason": (200, {"choices": [{"text": "a"}, {"text": "", "finish_reason": f"error {SECRET}"}]}, {}),
    "a completion": (
        200,
        {"choices": [{"text": f"# {SECRET}"}, {"message": {"content": None, "refusal": SECRET}}]},
        {},
    ),
    "a completion in parts": (200, {"choices": [{"message": {"content": [*map(str, SECRET)]}}] * 2}, {}),
    "a completion in events": (
        200,
        "".join(f"data: {json.dumps({'choices': [{'delta': {'content': c}}]})}\n\n" for c in SECRET).encode()
        + b"data: [DONE]\n\n",
        {},
    ),
    "where a message is cut": (400, {"error": {"message": "x" * 150 + f" key {SECRET}"}}, {}),
    "where a page is cut": (200, b"<html> signed in as " + b"y" * 40 + SECRET.encode(), {"content-type": "text/html"}),
    "where half an answer is cut": (200, b'{"a": "' + b"y" * 50 + SECRET.encode(), {}),
    "a content type": (200, b"no", {"content-type": f"text/{SECRET}"}),
    "an address": (307, {}, {"location": f"http://other.example/?key={SECRET}"}),
    "an escaped address": (307, {}, {"location": f"http://other.example/{SECRET.replace('/', '%2F')}"}),
    "no address": (307, {}, {"location": f"http://[::{SECRET}"}),
    "escaped JSON": (400, f'{{"error": {{"message": "{"x" * 150} {escaped(SECRET)}"}}}}'.encode(), {}),
    "JSON in JSON": (
        400,
        {"error": {"message": "x" * 150 + json.dumps({"key": SECRET}).replace("/", r"\/")}},
        {},
    ),
    "escaped JSON in JSON": (400, {"error": {"message": "x" * 150 + f'"{escaped(SECRET)}"'}}, {}),
    "JSON of two bytes a character": (200, f'{{"key": "{SECRET}"}}'.encode("utf-16"), {}),
}
"""Answers that repeat the key, each by where."""


@pytest.mark.parametrize("where", WITH_KEY)
def test_a_key_repeated_anywhere_is_in_no_completion_and_no_message(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", SECRET)
    told = []
    with Loopback(lambda path, body: WITH_KEY[where] if body["seed"] else choices(body)) as server:
        try:
            told = [completion.text for completion in sampler(server, concurrency=1).sample(requests(2, 2))]
        except ServerError as error:
            told = [str(error)]
    assert told
    for text in told:
        assert not any(piece in text or piece in text.replace("\\", "") for piece in (SECRET[:12], SECRET[-12:])), text
        assert escaped(SECRET[:12]) not in text and "".join(f"{c}\0" for c in SECRET[:12]) not in text


def test_a_placeholder_for_a_key_is_a_word_like_others_in_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", "EMPTY")
    text = "EMPTY = 0\ndef transform(grid):\n    return grid"

    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (402, {"error": {"message": "EMPTY has no funds"}}, {}) if body["seed"] else told

    told: Reply = 200, {"choices": [{"text": text}, {"error": {"message": "no key EMPTY"}}]}, {}
    with Loopback(answer) as server:
        made = sample(sampler(server, concurrency=1), requests(2, 2))
    assert [c.text for c in made.values() if "EMPTY" in c.text] == [text]


def test_a_key_of_signs_is_found_in_whichever_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in (r"a\\\b\\c\d-key", '"quoted" <key>', "%41%42 key", "\\" * 12):
        monkeypatch.setenv("ARCLOOP_API_KEY", key)
        taken = Key()
        for level in range(3):
            text = key
            for _ in range(level):
                text = json.dumps(text)[1:-1]
            assert taken.out_of(f"a {text} b") == "a … b", (key, level)
        # An expression that goes back over its text would come to no end of these.
        for text in ("\\" * 10**6, key[:-1] * 10**5, "%" * 10**6):
            assert ("…" in taken.out_of(text)) == (key in text)


def test_fields_that_a_server_does_not_know_are_left_out() -> None:
    known = {"model", "prompt", "max_tokens", "temperature", "top_p", "n"}

    def answer(path: str, body: dict[str, Any]) -> Reply:
        if wrong := sorted(body.keys() - known):
            return 422, {"detail": f"Unexpected fields in the request: {wrong[:2]}"}, {}
        return (400, {"detail": "prompt must be a string."}, {}) if isinstance(body["prompt"], list) else choices(body)

    asked = requests(1, 2)
    with Loopback(answer) as server:
        made = sample(sampler(server), asked)
    assert {c.finish_reason for c in made.values()} == {FinishReason.STOP}
    assert server.asked[-1][1]["prompt"] == asked[0].prompt.text


def test_a_refusal_of_one_prompt_says_nothing_of_the_fields() -> None:
    def answer(path: str, body: dict[str, Any]) -> Reply:
        if body["seed"] == 0:
            return 400, {"error": {"message": "flagged by our content policy", "code": "content_filter"}}, {}
        return choices(body)

    with Loopback(answer) as server:
        made = sample(sampler(server, concurrency=1), requests(3, 1))
    assert sorted(c.finish_reason for c in made.values()) == [FinishReason.ERROR, FinishReason.STOP, FinishReason.STOP]
    assert all("logprobs" in body for _, body, _ in server.asked)


TOO_LONG = (
    "'max_tokens' or 'max_completion_tokens' is too large: 24. This model's maximum context length is 64 tokens and your request "
    "has 60 input tokens."
)
"""What vLLM says to a prompt that does not fit."""


@pytest.mark.parametrize("chat", [False, True])
def test_a_task_too_long_for_the_server_changes_nothing_for_the_others(chat: bool) -> None:
    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (400, {"error": {"message": TOO_LONG}}, {}) if body["seed"] < 12_000 else told(body)

    def told(body: dict[str, Any]) -> Reply:
        choice = {"message": {"content": "x"}, "text": "x", "finish_reason": "stop"}
        return 200, {"choices": [choice] * body["n"]}, {}

    with Loopback(answer) as server:
        used = chat_sampler(server.url, concurrency=1) if chat else sampler(server, concurrency=1)
        asked = requests(16, 1, used.format)
        made = sample(used, asked)
    # More failures in a row than would end the run, if they said anything of the server.
    assert [made[f"{r.prompt.id}/d0"].finish_reason for r in asked] == [FinishReason.ERROR] * 12 + [
        FinishReason.STOP
    ] * 4
    fields = [body.keys() for _, body, _ in server.asked]
    assert len(server.asked) == 16 and all(one == fields[0] for one in fields) and "max_tokens" in fields[0]


def test_a_field_that_is_refused_and_not_named_is_found_for_every_request_by_itself() -> None:
    def answer(path: str, body: dict[str, Any]) -> Reply:
        # All of them are on their way before the first answer comes.
        barrier.wait(5) if len(server.asked) <= 4 else None
        return (400, {"error": {"message": "Bad request"}}, {}) if "top_k" in body else choices(body)

    barrier = threading.Barrier(4)
    with Loopback(answer) as server:
        made = sample(sampler(server, concurrency=4), requests(4, 1))
    assert {c.finish_reason for c in made.values()} == {FinishReason.STOP}


def test_a_sampler_that_may_not_be_off_is_still_asked_for() -> None:
    def answer(path: str, body: dict[str, Any]) -> Reply:
        return (400, {"error": {"message": "Bad request"}}, {}) if "top_k" in body else choices(body)

    (request,) = requests(1, 4)
    draws = tuple(replace(draw, temperature=(1.0, 0.5)[k % 2]) for k, draw in enumerate(request.draws))
    with Loopback(answer) as server:
        sample(sampler(server, concurrency=1), [replace(request, draws=draws)])
    answered = [body for _, body, _ in server.asked if "top_k" not in body]
    assert [body.get("temperature", 1.0) for body in answered] == [1.0, 0.5]


@pytest.mark.parametrize("content", [{}, {"choices": [{"text": 3}]}, {"choices": ["a"]}, {"choices": [{}]}, [1]])
def test_an_answer_of_another_shape_is_a_failure(content: Any) -> None:
    with Loopback(lambda path, body: (200, content, {}) if body["seed"] else choices(body)) as server:
        made = sample(sampler(server, concurrency=1), requests(2, 1))
    assert sorted(c.finish_reason for c in made.values()) == [FinishReason.ERROR, FinishReason.STOP]


def test_text_that_no_table_can_store_is_mended() -> None:
    content = {"choices": [{"text": "a\ud800b", "finish_reason": "length"}], "usage": {"completion_tokens": 3}}
    with Loopback(lambda path, body: (200, content, {})) as server:
        (completion,) = sample(sampler(server), requests(1, 1)).values()
    assert completion.text == "a?b" and completion.tokens == 3 and math.isnan(completion.logprob)
    assert completion.finish_reason is FinishReason.LENGTH


def test_tokens_without_log_probabilities_add_up_to_what_the_server_says() -> None:
    content = {"choices": [{"text": "a"}] * 3, "usage": {"completion_tokens": 10, "prompt_tokens": 5}}
    with Loopback(lambda path, body: (200, content, {})) as server:
        used = sampler(server, prompt_price=2e5, completion_price=1e5)
        assert sum(c.tokens for c in sample(used, requests(1, 3)).values()) == 10
        line = used._server.usage.line(used._server._config)
    assert "5 prompt tokens, 10 sampled; cost 2.0000" in line


def test_completions_come_as_they_finish_and_leaving_cancels_the_rest() -> None:
    gate = threading.Event()

    def answer(path: str, body: dict[str, Any]) -> Reply:
        if body["seed"]:
            gate.wait(10)
        return choices(body)

    with Loopback(answer) as server:
        stream = sampler(server).sample(requests(3, 1))
        assert next(stream).finish_reason is FinishReason.STOP
        stream.close()  # type: ignore[attr-defined]
        gate.set()


def test_no_more_requests_run_side_by_side_than_configured() -> None:
    lock, full, now, most = threading.Lock(), threading.Event(), 0, 0

    def answer(path: str, body: dict[str, Any]) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if most == 3:
                full.set()
        # Until all that may be there are there, on however busy a machine.
        full.wait(5)
        time.sleep(0.01)
        with lock:
            now -= 1
        return choices(body)

    with Loopback(answer) as server:
        sample(sampler(server, concurrency=3), requests(12, 1))
    assert most == 3


def test_the_model_is_the_only_one_served_or_the_one_called_alike() -> None:
    models = [{"id": "other"}, {"id": "embedded"}, {"id": "adapter", "parent": "other"}]
    with Loopback(lambda path, body: choices(body), models) as server:
        assert sampler(server)._model == "embedded"
        assert sampler(server, model="other")._model == "other"
    with Loopback(lambda path, body: choices(body), [models[0], models[2]]) as server:
        assert sampler(server)._model == "other"
    two = [{"id": "a"}, {"id": "b"}]
    with (
        Loopback(lambda path, body: choices(body), two) as server,
        pytest.raises(ServerError, match="serves a, b — pass"),
    ):
        sampler(server)


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ServerError, match=rf"{url}: .*start it"):
            OpenAISampler("embedded", TOKENIZER, FORMAT, SAMPLING, ServerConfig(url))


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(ServerError, match=r"is no address.*--server.base-url"):
        OpenAISampler("embedded", TOKENIZER, FORMAT, SAMPLING, ServerConfig("http://host:port/v1"))


def adapter(folder: Path, **settings: object) -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 16, **settings}))
    return folder


def test_adapters_are_loaded_under_a_new_name_each_time(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "adapter")
    with Loopback(lambda path, body: choices(body) if "comp" in path else DONE) as server:
        used = sampler(server)
        for _ in range(2):
            used.use_adapter(folder)
            sample(used, requests(1, 1))
        used.use_adapter(None)
        sample(used, requests(1, 1))
    loaded = [body["lora_name"] for path, body, _ in server.asked if path == "/v1/load_lora_adapter"]
    unloaded = [body["lora_name"] for path, body, _ in server.asked if path == "/v1/unload_lora_adapter"]
    assert len(set(loaded)) == 2 and unloaded == loaded
    assert [body["model"] for path, body, _ in server.asked if "comp" in path] == [*loaded, "served"]
    assert {body["lora_path"] for path, body, _ in server.asked if path == "/v1/load_lora_adapter"} == {str(folder)}


def test_a_server_without_adapters_is_refused_before_anything_is_searched() -> None:
    config = ServerConfig()
    with Loopback(lambda path, body: (404, {"detail": "Not Found"}, {})) as server:
        config = ServerConfig(server.url)
        with pytest.raises(ServerError, match=r"VLLM_ALLOW_RUNTIME_LORA_UPDATING.*--rounds 1"):
            OpenAISampler("embedded", TOKENIZER, FORMAT, SAMPLING, config, learns=True)


def test_only_adapters_that_vllm_computes_with_reach_it(tmp_path: Path) -> None:
    check_lora(adapter(tmp_path / "lora", use_rslora=True, bias="none"))
    with pytest.raises(ConfigError, match=r"DoRA.*--sampler transformers"):
        check_lora(adapter(tmp_path / "dora", use_dora=True))
    with pytest.raises(ConfigError, match="trained biases"):
        check_lora(adapter(tmp_path / "biases", bias="all"))
    with pytest.raises(RunError, match="saved adapter"):
        check_lora(tmp_path / "nothing")
    assert [lora_rank_limit(rank) for rank in (1, 4, 16, 17, 512)] == [1, 8, 16, 32, 512]
    with pytest.raises(ConfigError, match="at most 512"):
        lora_rank_limit(513)


def chat_sampler(url: str, template: str = "plain", **settings: Any) -> ChatSampler:
    return ChatSampler("served", PromptFormat(template, chat_json), SAMPLING, ServerConfig(url, **settings))


def test_a_chat_service_is_sent_the_messages() -> None:
    def answer(path: str, body: dict[str, Any]) -> Reply:
        if "max_tokens" in body:
            return 400, {"error": {"message": "'max_tokens' is not supported; use 'max_completion_tokens'"}}, {}
        logprobs = {"content": [{"logprob": -0.25}, {"logprob": -0.5}]}
        choice = {"message": {"content": "```python\n"}, "finish_reason": "stop", "logprobs": logprobs}
        return 200, {"choices": [choice] * body["n"]}, {}

    with Loopback(answer) as server:
        used = chat_sampler(server.url)
        asked = requests(1, 2, used.format)
        made = sample(used, asked)
    path, body, _ = server.asked[-1]
    assert path == "/v1/chat/completions"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["max_completion_tokens"] == 24
    assert {(c.tokens, c.logprob) for c in made.values()} == {(2, -0.75)}
    assert used.length(asked[0].prompt.text) > 100


def test_a_chat_service_cannot_learn_nor_go_on_with_an_answer(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--prompt.template plain"):
        chat_sampler("http://127.0.0.1:1/v1", "compact")
    with pytest.raises(ConfigError, match="cannot learn"):
        Config("drawing", sampler="openai", server=ServerConfig(api="chat"), rounds=2)
    with Loopback(lambda path, body: choices(body)) as server, pytest.raises(ConfigError, match="can learn"):
        chat_sampler(server.url).use_adapter(tmp_path)


def test_dora_is_refused_beside_what_cannot_compute_with_it() -> None:
    for sampler_ in ("vllm", "openai"):
        with pytest.raises(ConfigError, match=r"use-dora.*--sampler transformers"):
            Config("drawing", sampler=sampler_, training=TrainingConfig(use_dora=True))
    Config("drawing", sampler="vllm", rounds=1, training=TrainingConfig(use_dora=True))


@pytest.mark.parametrize("address", ["http://user:word@host/v1", "http://host/v1?key=word", "http://host/v1#word"])
def test_a_password_in_the_address_is_refused_and_not_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="ARCLOOP_API_KEY") as error:
        ServerConfig(address)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(ConfigError, match="ARCLOOP_API_KEY") as in_environment:
        Server(ServerConfig())
    assert "word" not in str(error.value).replace("password", "") + str(in_environment.value).replace("password", "")


def test_the_loop_learns_with_a_server_that_loads_adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = ["np.flipud(grid)", "np.fliplr(grid)", "np.rot90(grid)", "np.roll(grid, 1, 0)"]

    def answer(path: str, body: dict[str, Any]) -> Reply:
        if "lora" in path:
            return DONE if body else (400, {"error": {"message": "lora_name is missing"}}, {})
        texts = [f"def transform(grid):\n    return {bodies[k % 4]}" for k in range(body["n"])]
        return 200, {"choices": [{"text": text, "finish_reason": "stop"} for text in texts]}, {}

    out = tmp_path / "run"
    with Loopback(answer) as server:
        settings = ["--tasks", "drawing", "--limit", "1", "--rounds", "2", "--programs", "4", "--training.epochs", "1"]
        where = ["--sampler", "openai", "--server.base-url", server.url, "--out", str(out)]
        monkeypatch.setattr(sys, "argv", ["arcloop", "run", *settings, *where])
        assert main() == 0
    run = RunDir.open(out)
    assert run.group(0, 0).numbers().learning.trained_rows > 0
    said = [(path.removeprefix("/v1/"), body) for path, body, _ in server.asked]
    assert [path for path, _ in said] == [
        "load_lora_adapter",  # only whether it could
        "completions",
        "load_lora_adapter",
        "completions",
        "unload_lora_adapter",
    ]
    assert said[2][1]["lora_path"] == str(run.group(0, 0).adapter)
    assert said[1][1]["model"] == "served" and said[3][1]["model"] == said[2][1]["lora_name"] == said[4][1]["lora_name"]


def test_learning_beside_the_search_makes_the_same_adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = ["np.flipud(grid)", "np.fliplr(grid)", "np.rot90(grid)", "np.roll(grid, 1, 0)"]

    def answer(path: str, body: dict[str, Any]) -> Reply:
        if "lora" in path:
            return DONE if body else (400, {"error": {"message": "lora_name is missing"}}, {})
        texts = [f"def transform(grid):\n    return {bodies[k % 4]}" for k in range(body["n"])]
        return 200, {"choices": [{"text": text, "finish_reason": "stop"} for text in texts]}, {}

    made = []
    with Loopback(answer) as server:
        for overlap in ("--overlap", "--no-overlap"):
            out = tmp_path / overlap
            tasks = ["--tasks", "drawing", "--limit", "2", "--group-size", "1", "--rounds", "3", "--no-restart"]
            budget = ["--programs", "4", "--training.epochs", "1", "--stopping.perfect", "0", "--health.rollback", "0"]
            where = ["--sampler", "openai", "--server.base-url", server.url, "--out", str(out)]
            monkeypatch.setattr(sys, "argv", ["arcloop", "run", *tasks, *budget, *where, overlap])
            assert main() == 0
            kept = ("examples.parquet", "programs.parquet", "adapter_model.safetensors", "submission.json")
            made.append({str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.name in kept})
    assert made[0] == made[1]
    assert sum("safetensors" in name for name in made[0]) == 4


# A real server, with the embedded model.


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address of ``transformers serve``, and the model's name there."""
    folder = tmp_path_factory.mktemp("served") / "model"
    shutil.copytree(model_folder("embedded"), folder)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"do_sample": True}))
    with transformers_serve(folder, folder.parent / "log") as url:
        yield url, str(folder)


def test_a_real_server_gives_the_completions_of_the_model(served: tuple[str, str]) -> None:
    url, name = served
    # One at a time: this server's seeds are those of the whole process.
    config = ServerConfig(url, model=name, concurrency=1)
    asked = requests(2, 3)
    first, again = (sample(OpenAISampler("embedded", TOKENIZER, FORMAT, SAMPLING, config), asked) for _ in range(2))
    assert first.keys() == ids(asked)
    assert first.keys() == again.keys() and {c.text for c in first.values()} == {c.text for c in again.values()}
    for completion in first.values():
        assert 1 <= completion.tokens <= 24
        assert completion.finish_reason is (FinishReason.LENGTH if completion.tokens == 24 else FinishReason.STOP)


def test_a_real_server_answers_chats(served: tuple[str, str]) -> None:
    url, name = served
    config = ServerConfig(url, model=name, concurrency=1)
    used = ChatSampler(name, PromptFormat("plain", chat_json), SamplingConfig(max_tokens=8), config)
    asked = requests(1, 2, used.format)
    made = sample(used, asked)
    assert made.keys() == ids(asked)
    assert all(c.finish_reason is not FinishReason.ERROR and c.tokens <= 8 for c in made.values())


def test_a_server_solves_the_drawings_that_the_network_in_this_process_solves(
    served: tuple[str, str], tmp_path: Path
) -> None:
    url, name = served
    solved = {}
    for sampler in ("transformers", "openai"):
        server = ["--server.base-url", url, "--server.model", name] if sampler == "openai" else []
        out = tmp_path / sampler
        # The likeliest tokens are the same wherever they are sampled; augmentation makes eight prompts of each task.
        settings = ["--task-ids", "drawing-random-01", "drawing-random-02", "--rounds", "1", "--programs", "8"]
        settings += ["--sampling.temperature", "0", "--sampling.completions-per-prompt", "1", "--stopping.perfect", "0"]
        command = [sys.executable, "-m", "arcloop.cli", "run", "--tasks", "drawing", *settings, *server]
        done = subprocess.run([*command, "--sampler", sampler, "--out", str(out)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        solved[sampler] = RunDir.open(out).group(0, 0).search_numbers().solved
    assert solved["openai"] == solved["transformers"]
    assert "drawing-random-01" in solved["openai"]


def test_the_loop_runs_with_a_server(served: tuple[str, str], tmp_path: Path) -> None:
    url, name = served
    settings = ["--tasks", "drawing", "--limit", "2", "--rounds", "1", "--programs", "4", "--sampling.max-tokens", "48"]
    server = ["--sampler", "openai", "--server.base-url", url, "--server.model", name]
    command = [sys.executable, "-m", "arcloop.cli", "run", *settings, *server, "--out", str(tmp_path / "run")]
    environment = os.environ | {"ARCLOOP_API_KEY": "secret-key"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "prompt tokens" in done.stdout and "train pass@n" in done.stdout
    run = RunDir.open(tmp_path / "run")
    assert run.group(0, 0).search_numbers().completions == 8
    assert run.group(0, 0).search_numbers().failed_completions == 0
    assert not any(b"secret-key" in path.read_bytes() for path in run.path.rglob("*") if path.is_file())
    # Learning needs more than this server has.
    again = subprocess.run(
        [*command[:-1], str(tmp_path / "two"), "--rounds", "2"], capture_output=True, text=True, check=False
    )
    assert again.returncode == 2 and "cannot load adapters" in again.stderr
    assert len(again.stderr.splitlines()) == 1
