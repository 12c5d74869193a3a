"""The error in what a server says → the refusal that it is. Pure.

Servers and the gateways before them name an error in many ways, and put it into answers of status 200.
"""

from collections.abc import Mapping
from typing import Any

from arcloop.files import deep

__all__ = ["PASSING", "Content", "RefusedError", "clean", "error_in", "refusal", "spoken", "status_of"]

Content = dict[str, Any]

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed."""

_WORDS = (
    (("rate limit", "too many requests", "throttl", "resource exhausted"), 429),
    (("system resource", "insufficient resource"), 503),
    (("insufficient", "credit", "quota", "billing", "payment"), 402),
    (("overload", "capacity", "unavailable", "try again", "timeout", "timed out", "busy", "loading"), 503),
    (("api key", "unauthorized", "authentication"), 401),
)
"""What an error without a status is about, by what it says."""
_MODERATION = (
    "content policy",
    "moderation",
    "content filter",
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
    "maximum context",
    "prompt is too long",
    "prompt too long",
    "too many tokens",
    "longer than the model",
    "exceeds the model",
)
"""Words of a refusal of one prompt, with its answer, that does not fit into the model."""
_MESSAGE = ("message", "msg", "status_msg", "error_msg", "error_message", "errmsg", "detail")
"""Fields, in lower case, that say what is wrong."""
_CODE = ("code", "status", "status_code", "statuscode", "http_status", "error_code")
"""Fields, in lower case, that may hold an HTTP status."""


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


def refusal(content: Any, status: int, told: bool = False) -> RefusedError:
    """What an error says, in the server's words; with the status that it names itself where it came with 200."""
    content = "an error of too many levels" if deep(content) else content
    content = content[0] if isinstance(content, list) and content else content
    outer = _lower(content)
    # Something called an error comes before a message beside it; within it, the outermost message is the one.
    error = error_in(content) or content
    while isinstance(error, dict | list) and (inner := _inside(error)) is not None:
        error = inner
    fields = _lower(error) or outer
    words = _message(fields) if isinstance(error, dict) else error
    if isinstance(error, str) and (beside := _message(outer)) not in ("", error):
        words = f"{error}: {beside}"
    kind, param = (str(fields.get(name) or "") for name in ("type", "param"))
    codes = [str(place[name]) for place in (fields, outer) for name in _CODE if place.get(name)]
    said = f"{words or error} {' '.join(codes)} {kind}"[:2000].lower().replace("_", " ")
    if status == 200:
        status = next((int(number) for code in codes if (number := _status(code))), 0) or status_of(said)
    elif status == 429 and "insufficient quota" in said:
        status = 402  # which does not pass by itself
    one = any(word in said for word in _MODERATION) or (
        status in (400, 413, 422) and any(word in said for word in _TOO_LONG)
    )
    return RefusedError(f"{status}: {words or error}", status, told and status in PASSING, param, one)


def error_in(content: Any) -> Any:
    """What in an answer or a choice is called an error; None if nothing is."""
    if not isinstance(content, Mapping):
        return None
    for name in ("error", "errors", "detail"):
        found = content.get(name)
        # Some say of every answer that there was none: {"code": 0, "message": ""}.
        if found and (not isinstance(found, dict) or any(found.values())):
            return found
    if content.get("object") == "error" or (content.get("type") == "error" and "message" in content):
        return dict(content)
    return None


def spoken(content: Mapping[str, Any]) -> Any:
    """The part of an answer, without what was asked for, that is an error because it says something; None if none does."""
    return next((one for one in (content, *content.values()) if _message(_lower(one))), None)


def status_of(said: str) -> int:
    """The HTTP status of an error by its words, in lower case."""
    return next((status for words, status in _WORDS if any(word in said for word in words)), 500)


def clean(text: str) -> str:
    """Text without lone surrogates, which JSON can carry and no table can store."""
    return text.encode("utf-8", "replace").decode()


def _inside(error: Content | list[Any]) -> Any:
    """What an error is, one level further in; None where this is it."""
    if isinstance(error, list):
        return error[0] if error else None
    if _message(_lower(error)):
        return None
    return error_in(error) or spoken(error)


def _lower(content: Any) -> Content:
    return {str(name).lower(): value for name, value in content.items()} if isinstance(content, Mapping) else {}


def _message(fields: Content) -> str:
    """What is wrong, with the place in the request where that is told apart."""
    found = next((fields[name] for name in _MESSAGE if isinstance(fields.get(name), str) and fields[name].strip()), "")
    place = fields.get("loc")
    return f"{'.'.join(map(str, place))}: {found}" if found and isinstance(place, list) else found


def _status(code: str) -> int:
    """An HTTP status of an error, as a number or a text; 0 for other codes."""
    number = code.partition(".")[0][:4]
    return int(number) if number.isdecimal() and 400 <= int(number) < 600 else 0
