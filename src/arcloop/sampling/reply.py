"""What a server answered → its content, or the refusal that it is. Pure.

Gateways before servers put errors into answers of status 200, JSON into text/plain, pages into both, comments before
them and bytes behind. What is there is used; what is not is not known.
"""

import re
from typing import Any

from arcloop.files import deep
from arcloop.sampling.choice import failure
from arcloop.sampling.events import in_a_row, joined, streamed
from arcloop.sampling.refusal import Content, RefusedError, error_in, refusal, spoken

__all__ = ["read", "refused"]

_BEGINNING = 80
"""Characters of what is no answer that a message quotes."""
_COMMENTS = re.compile(r"(?:\s*:[^\r\n]*)+")
"""Lines that keep a connection open until there is an answer."""
_EVENT = re.compile(r"(?:data|event|id|retry):")
"""How a stream of events begins."""


def read(text: str, kind: str, choices: bool = False) -> Content:
    """The content of an answer of status 200; ``kind`` is its content type, ``choices`` are what was asked for.

    Raises:
        RefusedError: it is an error, or no answer at all.
    """
    beginning = " ".join(text[: 4 * _BEGINNING].split())[:_BEGINNING]
    body = _body(text)
    if not body:
        raise RefusedError("an empty answer came", 502)
    try:
        content = _content(body)
    except (ValueError, RecursionError):
        if body.startswith("{"):
            # Half an answer: the connection was cut, or the server died over it.
            raise RefusedError(f"half an answer came: {beginning}", 502) from None
        what = kind.partition(";")[0] or "something"
        raise RefusedError(f"{what} came in place of JSON: {beginning!r}; check --server.base-url", 200) from None
    if not isinstance(content, dict) or deep(content):
        raise RefusedError(f"JSON of another shape came: {beginning!r}; check --server.base-url", 200)
    content = next((one for one in (content, *content.values()) if _has_choices(one)), content)
    if not _has_choices(content):
        if error_in(content) is not None or (choices and spoken(content) is not None):
            raise refusal(content, 200)
        if choices:
            raise RefusedError(f"an answer without choices came: {beginning!r}", 200)
        return content
    failures = [failed for choice in content["choices"] if (failed := failure(choice)) is not None]
    if len(failures) == len(content["choices"]):
        raise failures[0] if error_in(content) is None else refusal(content, 200)
    return content


def refused(text: str, status: int, told: bool = False) -> RefusedError:
    """What an answer of another status says; ``told``: also when to come back."""
    try:
        content = _content(_body(text))
    except (ValueError, RecursionError, RefusedError):
        content = text[:2000]
    return refusal(content, status, told)


def _body(text: str) -> str:
    comments = _COMMENTS.match(text)
    return text[comments.end() if comments else 0 :].strip().strip("\0")


def _content(body: str) -> Any:
    """What a body holds, in whichever form.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it has too many levels.
        RefusedError: it is half an answer.
    """
    if _EVENT.match(body):
        return streamed(body)
    values = in_a_row(body)
    content = joined(values, False) if len(values) > 1 else values[0]
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _has_choices(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get("choices"), list) and bool(content["choices"])
