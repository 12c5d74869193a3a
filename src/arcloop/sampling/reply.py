"""What a server answered → its content, or the refusal that it is. Pure.

Servers and the gateways before them put errors into answers of status 200, JSON into text/plain, pages into
both, and parts of a choice wherever they like. What is there is used; what is not is not known.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from arcloop.files import deep
from arcloop.records import FinishReason

__all__ = ["PASSING", "Content", "Part", "RefusedError", "clean", "part", "read", "refusal"]

Content = dict[str, Any]

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed."""

_BEGINNING = 80
"""Characters of what is no answer that a message quotes."""
_CUT = frozenset(
    {"length", "max_tokens", "max_length", "max_output_tokens", "model_length", "token_limit", "incomplete"}
)
"""Why a completion ended, in lower case, where its limit was reached; anything else is an end of its own."""
_WORDS = (
    (("rate limit", "rate_limit", "too many requests", "throttl"), 429),
    (("insufficient", "credit", "quota", "billing", "payment"), 402),
    (("overload", "capacity", "unavailable", "try again", "timeout", "timed out"), 503),
    (("api key", "api_key", "unauthorized", "authentication"), 401),
)
"""What an error without a status is about, by what it says."""
_UNLIKELIEST = 1e6
"""Log-probabilities are no further from 0: other numbers, infinite ones among them, stand for nothing known."""
_MODERATION = (
    "content_policy",
    "content policy",
    "moderation",
    "content_filter",
    "flagged",
    "safety system",
    "blocked by",
)
"""Words of a refusal that is about one prompt alone."""

_TOO_LONG = (
    "context length",
    "context size",
    "context window",
    "context limit",
    "context_length",
    "maximum context",
    "prompt is too long",
    "prompt too long",
    "too many tokens",
    "longer than the model",
    "exceeds the model",
)
"""Words of a refusal of one prompt, with its answer, that does not fit into the model."""


class RefusedError(Exception):
    """The server's answer to a request is no, or none came; ``str`` is its reason in one line."""

    def __init__(self, reason: str, status: int = 0, told: bool = False, param: str = "", one: bool = False) -> None:
        super().__init__(clean(" ".join(reason.split())[:200]))
        self.status = status
        """The HTTP status, or the one that the error names; 0 where no answer came."""
        self.told = told
        """Did the server say when to come back?"""
        self.param = param
        """The field that is refused, where the server names it apart from the text."""
        self.one = one
        """Is it about this prompt alone?"""


@dataclass(frozen=True, slots=True)
class Part:
    """One choice of an answer."""

    text: str
    finish_reason: FinishReason
    """``error``: there is no text, and ``text`` says why."""
    logprobs: tuple[float, ...]
    """Of each token; empty where not all are known."""


def read(text: str, kind: str) -> Content:
    """The content of an answer of status 200; ``kind`` is its content type.

    Raises:
        RefusedError: it is an error, or no answer at all.
    """
    beginning = " ".join(text[: 4 * _BEGINNING].split())[:_BEGINNING]
    body = text.strip()
    if body.startswith(("data:", "event:", ":")):
        content = _streamed(body)
    else:
        try:
            content = json.loads(body) if body else {}
        except (ValueError, RecursionError):
            if body.startswith("{"):
                # Half an answer: the connection was cut, or the server died over it.
                raise RefusedError(f"half an answer came: {beginning}", 502) from None
            what = kind.partition(";")[0] or "something"
            raise RefusedError(f"{what} came in place of JSON: {beginning!r}; check --server.base-url", 200) from None
    if not isinstance(content, dict) or deep(content):
        raise RefusedError(f"JSON of another shape came: {beginning!r}; check --server.base-url", 200)
    choices = content.get("choices")
    if not isinstance(choices, list) or not choices:
        if _error_in(content) is not None:
            raise refusal(content, 200)
    elif all(isinstance(choice, dict) and _error_in(choice) is not None and not _text(choice) for choice in choices):
        raise refusal(choices[0], 200)
    return content


def refusal(content: Any, status: int, told: bool = False) -> RefusedError:
    """What an error says, in the server's words; with the status that it names itself where it came with 200."""
    content = "an error of too many levels" if deep(content) else content
    error = _error_in(content) if isinstance(content, dict) else content
    error = content if error is None else error
    fields = error if isinstance(error, dict) else {}
    words = fields.get("message") or fields.get("detail") or error
    code, kind, param = (str(fields.get(name) or "") for name in ("code", "type", "param"))
    said = f"{words} {code} {kind}".lower()[:2000]
    if status == 200:
        status = _status(code, said)
    elif status == 429 and "insufficient_quota" in said:
        status = 402  # which does not pass by itself
    one = any(word in said for word in _MODERATION) or (
        status in (400, 413, 422) and any(word in said for word in _TOO_LONG)
    )
    return RefusedError(f"{status}: {words}", status, told and status in PASSING, param, one)


def part(choice: Any) -> Part:
    """A choice, whatever of it is there.

    Raises:
        RefusedError: it is no choice.
    """
    if not isinstance(choice, Mapping):
        raise RefusedError(f"a choice of another shape came: {choice!r:.{_BEGINNING}}", 200)
    text, reason = _text(choice), str(choice.get("finish_reason") or "stop")
    if not text and (error := _error_in(choice)) is not None:
        words = error.get("message", error) if isinstance(error, dict) else error
        return Part(clean(f"the server says: {words}")[:200], FinishReason.ERROR, ())
    if not text and reason.lower() in ("error", "content_filter", "safety", "abort", "cancelled"):
        return Part(clean(f"the server ended with {reason!r:.80}"), FinishReason.ERROR, ())
    if not text and not _may_be_empty(choice):
        raise RefusedError(f"a choice without a text came: {dict(choice)!r:.{_BEGINNING}}", 200)
    ended = FinishReason.LENGTH if reason.lower() in _CUT else FinishReason.STOP
    return Part(clean(text), ended, _logprobs(choice.get("logprobs")))


def clean(text: str) -> str:
    """Text without lone surrogates, which JSON can carry and no table can store."""
    return text.encode("utf-8", "replace").decode()


def _error_in(content: Mapping[str, Any]) -> Any:
    """The error of an answer or a choice; None if there is none."""
    for name in ("error", "errors", "detail"):
        if content.get(name):
            found = content[name]
            return found[0] if isinstance(found, list) and found else found
    if content.get("object") == "error" or (content.get("type") == "error" and "message" in content):
        return dict(content)
    return None


def _status(code: str, said: str) -> int:
    if code.isdecimal() and 400 <= int(code[:4]) < 600:
        return int(code[:4])
    return next((status for words, status in _WORDS if any(word in said for word in words)), 500)


def _text(choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    message = message if isinstance(message, Mapping) else {}
    for found in (message.get("content"), choice.get("text")):
        if text := _joined(found):
            return text
    # Where a model did not come to its answer, what it thought is all that there is.
    for name in ("reasoning_content", "reasoning"):
        if thought := _joined(message.get(name) or choice.get(name)):
            return f"<think>{thought}"
    return _joined(message.get("refusal"))


def _may_be_empty(choice: Mapping[str, Any]) -> bool:
    """Is there a place for text, which is empty?"""
    message = choice.get("message")
    places = [(choice, "text"), *([(message, "content")] if isinstance(message, Mapping) else [])]
    return any(name in place and isinstance(place[name], str | list | None) for place, name in places)


def _joined(content: Any) -> str:
    """Text, or the text of parts, thoughts left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(_joined(one) for one in content if not isinstance(one, list))
    if isinstance(content, Mapping) and content.get("type") in (None, "text", "output_text"):
        found = content.get("text")
        return found if isinstance(found, str) else _joined(found.get("value")) if isinstance(found, Mapping) else ""
    return ""


def _logprobs(found: Any) -> tuple[float, ...]:
    """Log-probabilities in one of the two forms; empty where one is missing."""
    if not isinstance(found, Mapping):
        return ()
    values = found.get("token_logprobs")
    if values is None:
        tokens = found.get("content")
        values = [t.get("logprob") for t in tokens if isinstance(t, Mapping)] if isinstance(tokens, list) else []
    known = isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _UNLIKELIEST
        for value in values
    )
    return tuple(map(float, values)) if known else ()


def _streamed(body: str) -> Any:
    """The answer that a server sent in events although none were asked for."""
    choices: dict[int, dict[str, Any]] = {}
    whole: Content = {}
    for line in body.split("\n"):
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        if not data or data == "[DONE]":
            continue
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            continue
        if not isinstance(event, dict) or deep(event):
            continue
        if _error_in(event) is not None:
            return event
        whole |= {name: value for name, value in event.items() if name == "usage"}
        found = event.get("choices")
        for choice in found if isinstance(found, list) else []:
            if not isinstance(choice, dict):
                continue
            index = choice.get("index") if isinstance(choice.get("index"), int) else 0
            made = choices.setdefault(index or 0, {"index": index, "pieces": []})
            delta = choice.get("delta")
            made["pieces"].append(_joined(delta.get("content")) if isinstance(delta, dict) else _text(choice))
            made["finish_reason"] = choice.get("finish_reason") or made.get("finish_reason")
    joined = [{**made, "text": "".join(made.pop("pieces"))} for _, made in sorted(choices.items())]
    return whole | ({"choices": joined} if joined else {})
