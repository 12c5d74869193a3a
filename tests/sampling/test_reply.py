"""What a server may have answered, and what is read in it."""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from arcloop.records import FinishReason
from arcloop.sampling.choice import part
from arcloop.sampling.refusal import PASSING, RefusedError, refusal
from arcloop.sampling.reply import read, refused
from tests.calls import calls

TEXT = "def transform(grid):\n    return grid"
LENGTH, STOP, ERROR = FinishReason.LENGTH, FinishReason.STOP, FinishReason.ERROR


def choice(content: str | None = TEXT, **fields: Any) -> dict[str, Any]:
    return {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"} | fields


def answer(**fields: Any) -> str:
    return json.dumps({"choices": [choice(**fields)]})


def event(**fields: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, **fields}]})}\n\n"


def parts(body: str) -> list[tuple[str, FinishReason]]:
    content = read(body, "application/json", choices=True)
    return [(one.text, one.finish_reason) for one in map(part, content["choices"])]


# How a completion ended.


@pytest.mark.parametrize(
    "reason",
    [
        *("length", "LENGTH", "max_tokens", "MAX_TOKENS", "MaxTokens", "maxTokens", "max-tokens", "max_output_tokens"),
        *("max_new_tokens", "max_completion_tokens", "max_length", "model_length", "token_limit", "incomplete"),
        *("FinishReason.LENGTH", "FINISH_REASON_MAX_TOKENS", "FinishReason.MAX_TOKENS", "length."),
        *("model_context_window_exceeded", "context_length_exceeded", {"type": "length", "length": 24}, ["length"]),
    ],
)
@pytest.mark.parametrize("text", [TEXT, ""])
def test_a_limit_is_a_limit_in_any_words(reason: Any, text: str) -> None:
    assert parts(answer(content=text, finish_reason=reason)) == [(text, LENGTH)]


@pytest.mark.parametrize(
    "reason",
    [
        *("stop", "STOP", "eos", "eos_token", "EOS", "end_turn", "stop_sequence", "FinishReason.STOP", "tool_calls"),
        *("", None, "null", 0, {"type": "stop", "matched": 2}, {}, "COMPLETE", "FINISH_REASON_UNSPECIFIED"),
    ],
)
@pytest.mark.parametrize("text", [TEXT, ""])
def test_a_normal_end_may_leave_a_text_empty(reason: Any, text: str) -> None:
    assert parts(answer(content=text, finish_reason=reason)) == [(text, STOP)]


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("error", 500),
        ("network_error", 500),
        ("abort", 500),
        ("FinishReason.ERROR", 500),
        ("MALFORMED_FUNCTION_CALL", 500),
        ("insufficient_system_resource", 503),
        ("engine_overloaded", 503),
        ("timeout", 503),
        ("rate_limit", 429),
    ],
)
@pytest.mark.parametrize("text", ["def trans", "", " \n"])
def test_an_end_by_failure_is_a_failure_that_may_pass(reason: str, status: int, text: str) -> None:
    with pytest.raises(RefusedError, match=f"the server ended with '{reason}'") as told:
        read(answer(content=text, finish_reason=reason), "", choices=True)
    assert (told.value.status, told.value.one) == (status, False) and status in PASSING


@pytest.mark.parametrize(
    "reason",
    [
        *("content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "sensitive", "blocklist", "refusal"),
        *("repetition", "unknown", 7, True),
    ],
)
def test_an_odd_end_without_a_text_is_a_failure_of_its_prompt(reason: Any) -> None:
    with pytest.raises(RefusedError, match="the server ended with") as told:
        read(answer(content="", finish_reason=reason), "", choices=True)
    assert told.value.one
    assert parts(answer(finish_reason=reason)) == [(TEXT, STOP)]
    assert [end for _, end in parts(json.dumps({"choices": [choice(), choice("", finish_reason=reason)]}))] == [
        STOP,
        ERROR,
    ]


def test_half_a_text_with_an_error_is_an_error() -> None:
    half = choice("def trans", error={"code": 502, "message": "upstream died"})
    with pytest.raises(RefusedError, match="502: upstream died"):
        read(json.dumps({"choices": [half]}), "", choices=True)
    made = parts(json.dumps({"choices": [choice(), half]}))
    assert made == [(TEXT, STOP), ("502: upstream died", ERROR)]
    for none in (None, {}, "", {"code": 0, "message": ""}):
        assert parts(answer(error=none)) == [(TEXT, STOP)]


def test_the_reason_that_the_service_behind_gave_counts_where_there_is_no_other() -> None:
    assert parts(answer(finish_reason=None, native_finish_reason="MAX_TOKENS")) == [(TEXT, LENGTH)]
    assert parts(answer(finish_reason="stop", native_finish_reason="MAX_TOKENS")) == [(TEXT, STOP)]


# Where its text is.


@pytest.mark.parametrize(
    "fields",
    [
        {"message": {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": TEXT}]}},
        {"message": {"content": [{"type": "reasoning", "text": "hm"}, {"type": "markdown", "text": TEXT}]}},
        {"message": {"content": [{"text": "hm", "thought": True}, {"text": TEXT}]}},
        {"message": {"content": [[TEXT[:5]], {"type": "TEXT", "content": TEXT[5:]}]}},
        {"message": {"content": {"type": "output_text", "text": {"value": TEXT}}, "reasoning": "hm"}},
        {"message": {"content": " ", "reasoning": "hm"}, "text": TEXT},
        {"message": None, "text": TEXT},
        {"message": None, "delta": {"content": TEXT}},
    ],
)
def test_a_text_is_found_where_it_is(fields: dict[str, Any]) -> None:
    assert parts(answer(**fields)) == [(TEXT, STOP)]


@pytest.mark.parametrize(
    "fields",
    [
        *({name: TEXT} for name in ("reasoning_content", "reasoning", "reasoning_text", "thinking")),
        {"reasoning": None, "reasoning_details": [{"type": "reasoning.text", "text": TEXT}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": TEXT}, {"type": "reasoning.encrypted"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": TEXT}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": TEXT}]}]},
    ],
)
@pytest.mark.parametrize("content", [None, "", "\n\n"])
def test_thoughts_are_the_text_where_there_is_no_other(fields: dict[str, Any], content: str | None) -> None:
    assert parts(answer(message={"content": content, **fields})) == [(f"<think>{TEXT}", STOP)]
    if "content" not in fields:
        assert parts(answer(message={"content": content}, **fields)) == [(f"<think>{TEXT}", STOP)]


# In which form the answer came.


@pytest.mark.parametrize(
    "body",
    [
        f": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n{answer()}",
        f"\n\n   \n{answer()}",
        f"{answer()}\0",
        f"{answer()}\n0\r\n\r\n",
        f"[{answer()}]",
        f'{{"success": true, "errors": [], "result": {answer()}}}',
        answer().replace(r"\n", "\n"),
        f"{answer()}\n{json.dumps({'choices': [], 'usage': {'prompt_tokens': 3}})}",
        f"id: 1\nevent: message\n{event(delta={'content': TEXT}, finish_reason='stop')}",
        f"retry: 3000\n{event(delta={'content': TEXT})}data: [DONE]\n\n",
        f": hello\n\n{event(delta={'content': TEXT})}data:[DONE]",
        event(delta={"content": TEXT}, finish_reason="stop").replace("\n", "\r"),
        event(delta={"content": TEXT}, finish_reason="stop").replace("\n", "\r\n"),
        event(delta={"content": TEXT}, finish_reason="stop").replace(', "delta"', ',\ndata: "delta"'),
        event(delta={"content": TEXT}).strip() + "\n" + event(delta={}, finish_reason="stop"),
        event(delta={"content": "", "reasoning": "hm"}) + event(delta={"content": TEXT}, finish_reason="stop"),
        event(delta={"content": TEXT[:9]}) + event(delta={"content": TEXT[9:]}) + event(**choice()),
        event(delta={"content": TEXT}, finish_reason="stop") + event(**choice("")),
        event(**choice(finish_reason=None)),
        event(text=TEXT[:9]) + event(text=TEXT[9:], finish_reason="stop"),
        event(delta={"content": TEXT}, finish_reason="stop") + 'data: {"choices": [], "usage": {}}\n\n',
        event(delta={"content": TEXT}, finish_reason="stop") + "data: {half",
    ],
)
def test_an_answer_is_read_in_whichever_form_it_comes(body: str) -> None:
    assert parts(body) == [(TEXT, STOP)]


def test_events_bring_thoughts_choices_usage_and_ends() -> None:
    pieces = [
        {"choices": [{"index": "1", "delta": {"reasoning_content": "so "}}, {"index": 0, "delta": {"content": "a\n"}}]},
        {
            "choices": [
                {"index": 0, "delta": {"content": "\n"}},
                {"index": "1", "delta": {"reasoning_content": "it is"}},
            ]
        },
        {"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}},
        {"choices": [{"index": "1", "delta": {}, "finish_reason": "length"}], "usage": None},
    ]
    for body in ("".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces), "\n".join(map(json.dumps, pieces))):
        assert parts(body) == [("a\n\nb", STOP), ("<think>so it is", LENGTH)]
        assert read(body, "")["usage"] == {"prompt_tokens": 3}


@pytest.mark.parametrize(
    "body",
    [
        answer()[:-9],
        event(delta={"content": "def trans"}),
        event(delta={"content": "def trans"}) + 'data: {"choices": [{"ind',
        event(delta={"content": "def"}, finish_reason="stop") + event(index=1, delta={"content": "def"}),
        json.dumps({"choices": [{"delta": {"content": "def"}}]}) + "\n" + json.dumps({"choices": [{"delta": {}}]}),
        answer() + answer()[:-9],
        *("", " \n\n", "\0", ": PROCESSING\n\n: PROCESSING\n\n"),
    ],
)
def test_an_answer_without_its_end_is_asked_for_again(body: str) -> None:
    with pytest.raises(RefusedError, match=r"^(half an|an empty) answer came") as told:
        read(body, "text/event-stream", choices=True)
    assert told.value.status in PASSING


# Errors.


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"code": 429, "message": "slow down"}, 429, "429: slow down"),
        ({"status": 429, "message": "slow down"}, 429, "429: slow down"),
        ({"statusCode": "429", "Message": "slow down"}, 429, "429: slow down"),
        ({"success": False, "code": 1302, "msg": "rate limited"}, 429, "429: rate limited"),
        ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, 402, "402: insufficient balance"),
        ({"choices": [], "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, 429, "429: rate limit"),
        ({"error": {"message": "slow", "status": "RESOURCE_EXHAUSTED"}}, 429, "429: slow"),
        ({"error": {"message": "slow", "code": 429.0}}, 429, "429: slow"),
        ({"error": "loading", "estimated_time": 20.0}, 503, "503: loading"),
        ({"error": "Bad Request", "message": "n must be 1", "statusCode": 400}, 400, "400: Bad Request: n must be 1"),
        ({"detail": {"error": {"message": "slow", "code": 429}}}, 429, "429: slow"),
        ([{"error": {"code": 429, "message": "slow"}}], 429, "429: slow"),
        ({"choices": [choice("", finish_reason="error")], "error": {"message": "no", "code": 504}}, 504, "504: no"),
        ({"errors": [{"loc": ["body", "n"], "msg": "too many"}], "code": 422}, 422, "422: body.n: too many"),
    ],
)
def test_an_error_without_choices_is_one_in_whichever_words(content: Any, status: int, words: str) -> None:
    for body in (json.dumps(content), f": PROCESSING\n\n{json.dumps(content)}", f"data: {json.dumps(content)}\n\n"):
        with pytest.raises(RefusedError) as told:
            read(body, "application/json", choices=True)
        assert (told.value.status, str(told.value)) == (status, words)
    told_so = refused(json.dumps(content), status)
    assert str(told_so) == words


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ('event: error\ndata: {"code": 429, "message": "slow"}\n\n', 429, "429: slow"),
        ('event: error\ndata: {"error": {"code": 429, "message": "slow"}}\n\n', 429, "429: slow"),
        ("event: error\ndata: overloaded\n\n", 503, "503: overloaded"),
        ("event: error\n\n", 500, "500: error"),
        (event(delta={"content": "de"}) + 'data: {"error": {"code": 502, "message": "died"}}\n\n', 502, "502: died"),
        (
            'data: {"error": {"code": 502, "message": "died"}, "choices": [{"delta": {}, "finish_reason": "error"}]}',
            502,
            "502: died",
        ),
    ],
)
def test_an_error_in_events_is_one(body: str, status: int, words: str) -> None:
    with pytest.raises(RefusedError) as told:
        read(body, "text/event-stream", choices=True)
    assert (told.value.status, str(told.value)) == (status, words)
    assert str(refused(body, status)) == words


@pytest.mark.parametrize(
    "body", ['{"status": "queued"}', '{"message": {"role": "assistant", "content": "a"}}', "data: [DONE]", "{}"]
)
def test_an_answer_without_choices_is_quoted(body: str) -> None:
    with pytest.raises(RefusedError) as told:
        read(body, "application/json", choices=True)
    assert str(told.value) == f"an answer without choices came: {body!r}"


def test_what_has_no_choices_to_give_is_no_error_for_its_message() -> None:
    assert read('{"message": "loaded", "success": true}', "application/json") == {"message": "loaded", "success": True}


@pytest.mark.parametrize("body", ["502 Bad Gateway", "true story", "[error] no upstream", "null and void"])
def test_words_that_begin_as_json_are_words(body: str) -> None:
    with pytest.raises(RefusedError, match="text/plain came in place of JSON"):
        read(body, "text/plain; charset=utf-8", choices=True)
    assert str(refused(body, 503)) == f"503: {body}"


def test_a_field_that_a_server_names_apart_is_in_the_message() -> None:
    detail = {
        "detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]
    }
    assert str(refusal(detail, 422)) == "422: body.top_k: Extra inputs are not permitted"


@pytest.mark.parametrize(
    "crafted",
    [
        lambda n: ": " * n,
        lambda n: ":\n" * n,
        lambda n: " " * n + ":" + " " * n,
        lambda n: "data:\n" * n,
        lambda n: "event: e\n\n" * n,
        lambda n: '{"choices":[{"delta":{"content":"a"}}]}\n' * n,
        lambda n: 'data: {"choices":[{"delta":{"content":"a"}}]}\n' * n,
        lambda n: 'data: {"choices":[{"message":{"content":"a"}}]}\n\n' * n,
        lambda n: answer(finish_reason="A" * n),
        lambda n: answer(message={"content": [{"type": "text", "text": ""}] * n}),
        lambda n: '{"error":' * n,
        lambda n: json.dumps({"error": {"message": "a_" * n}}),
    ],
)
def test_crafted_answers_cost_no_more_than_their_length(crafted: Callable[[int], str]) -> None:
    def work(body: str) -> None:
        with contextlib.suppress(RefusedError):
            parts(body)

    short, long = (calls(partial(work, crafted(n))) for n in (1_000, 5_000))
    # Five times as long, five times the work; quadratic work would be 25 times as much.
    assert long < 8 * short + 1_000
    # Nor would an expression that goes back over its text come to an end of this.
    work(crafted(200_000))
