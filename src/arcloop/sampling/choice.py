"""One choice of an answer → its text and how it ended, or the failure that it is. Pure.

Servers put the text, and what the model thought before it, wherever they like, and have many words for an end. A limit, a
normal end and a failure are told apart by what the words have in common; without a text, any other end is a failure too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arcloop.records import FinishReason
from arcloop.sampling.refusal import RefusedError, clean, error_in, refusal, status_of

__all__ = ["Part", "ended", "failure", "part", "said", "thought"]

_BEGINNING = 80
"""Characters of what is no choice that a message quotes."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
"""A word of a name, whether MAX_TOKENS, max-tokens or maxTokens."""
_FAILURE = frozenset(
    {"error", "failed", "failure", "abort", "aborted", "cancelled", "canceled", "interrupted", "timeout", "rate"}
    | {"network", "overloaded", "unavailable", "resource", "resources", "malformed", "unexpected", "invalid"}
)
"""Words of an end that is the server's failure: what text there is, is half a text."""
_LIMIT = frozenset({"length", "max", "maximum", "limit", "window", "truncated", "truncation", "incomplete"})
"""Words of an end at the limit on tokens."""
_NORMAL = frozenset(
    {"stop", "stopped", "eos", "end", "ended", "done", "complete", "completed", "finish", "finished", "normal"}
    | {"success", "ok", "tool", "function", "null", "none", "unspecified"}
)
"""Words of an end of the model's own, where the text may be empty."""
_THOUGHTS = (
    "reasoning_content",
    "reasoning",
    "reasoning_text",
    "thinking",
    "thought",
    "reasoning_details",
    "thinking_blocks",
)
"""Fields for what a model thought before it answered."""
_THINKING = ("reason", "think", "thought")
"""What the type of a part that is a thought has in it."""
_UNLIKELIEST = 1e6
"""Log-probabilities are no further from 0: other numbers, infinite ones among them, stand for nothing known."""


@dataclass(frozen=True, slots=True)
class Part:
    """One choice of an answer."""

    text: str
    finish_reason: FinishReason
    """``error``: there is no text, or half a text, and ``text`` says why."""
    logprobs: tuple[float, ...]
    """Of each token; empty where not all are known."""


def part(choice: Any) -> Part:
    """A choice, whatever of it is there.

    Raises:
        RefusedError: it is no choice.
    """
    if not isinstance(choice, Mapping):
        raise RefusedError(f"a choice of another shape came: {choice!r:.{_BEGINNING}}", 200)
    if (failed := failure(choice)) is not None:
        return Part(str(failed), FinishReason.ERROR, ())
    text = _text(choice)
    if not text and not any(isinstance(place, str | list | None) for place in _places(choice)):
        raise RefusedError(f"a choice without a text came: {dict(choice)!r:.{_BEGINNING}}", 200)
    cut = not _LIMIT.isdisjoint(_words(ended(choice)))
    return Part(clean(text), FinishReason.LENGTH if cut else FinishReason.STOP, _logprobs(choice.get("logprobs")))


def failure(choice: Any) -> RefusedError | None:
    """Why a choice is none that can be used: it holds an error, or ended with one; None if it can."""
    if not isinstance(choice, Mapping):
        return None
    blank = not _text(choice).strip()
    error = error_in(choice) if blank else error_in({"error": choice.get("error")})
    if error is not None:
        return refusal({"error": error}, 200)
    reason = ended(choice)
    words = _words(reason)
    failed = not _FAILURE.isdisjoint(words)
    if not failed and (not blank or not words or not (_LIMIT | _NORMAL).isdisjoint(words)):
        return None
    status = status_of(" ".join(words)) if failed else 200
    # What a server would not write, such as for its filters, is about the prompt.
    return RefusedError(f"the server ended with {reason!r:.{_BEGINNING}}", status, one=not failed)


def ended(choice: Mapping[str, Any]) -> str:
    """Why a choice ended, in the server's words; empty where it does not say."""
    reason = choice.get("finish_reason") or choice.get("native_finish_reason") or ""
    reason = reason[0] if isinstance(reason, list) else reason
    return str(reason.get("type") or "" if isinstance(reason, Mapping) else reason)


def said(choice: Mapping[str, Any]) -> str:
    """The text of a choice, or of a piece of one, as far as the model has come to its answer."""
    texts = [text for place in _places(choice) if (text := _joined(place))]
    return next((text for text in texts if text.strip()), texts[0] if texts else "")


def thought(choice: Mapping[str, Any]) -> str:
    """What the model thought before."""
    for place in (choice.get("message"), choice.get("delta"), choice):
        if isinstance(place, Mapping):
            parts = place.get("content")
            inside = [one for one in parts if _is_thought(one)] if isinstance(parts, list) else []
            for found in (*(place.get(name) for name in _THOUGHTS), inside):
                if text := _joined(found, thoughts=True):
                    return text
    return ""


def _text(choice: Mapping[str, Any]) -> str:
    text = said(choice)
    if text.strip():
        return text
    # Where a model did not come to its answer, what it thought is all that there is.
    if (before := thought(choice)).strip():
        return f"<think>{before}"
    message = choice.get("message")
    return (_joined(message.get("refusal")) if isinstance(message, Mapping) else "") or text


def _places(choice: Mapping[str, Any]) -> Iterator[Any]:
    """What there is where a text may be."""
    for name in ("message", "delta"):
        message = choice.get(name)
        if isinstance(message, Mapping) and "content" in message:
            yield message["content"]
    if "text" in choice:
        yield choice["text"]


def _joined(content: Any, thoughts: bool = False) -> str:
    """Text, or the text of parts, thoughts left out unless they are asked for."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(_joined(one, thoughts) for one in content)
    if not isinstance(content, Mapping) or (_is_thought(content) and not thoughts):
        return ""
    names = ("text", "content", "value", *(("thinking", "summary", "reasoning") if thoughts else ()))
    return next((text for name in names if (text := _joined(content.get(name), thoughts))), "")


def _is_thought(content: Any) -> bool:
    if not isinstance(content, Mapping):
        return False
    kind = str(content.get("type") or "").lower()
    return content.get("thought") is True or any(word in kind for word in _THINKING)


def _words(reason: str) -> list[str]:
    """The words of a reason, in lower case, without the name of an enumeration before it."""
    return [word.lower() for word in _WORD.findall(reason[:200].strip(".").rpartition(".")[2])]


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
