"""An example of what a parser reads → something near it, that nobody would write."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

__all__ = ["anything_near"]

_NUMBERS = (0, -1, 31, 10**20, 10**400, 1e308, float("inf"), float("nan"), 0.5, True)
_TEXTS = ("", "a" * 3000, "\ud800", "\0", "é\u2028\u202e", "1" * 5000, "../../etc/passwd")
_LEAVES = st.one_of(st.none(), st.sampled_from(_NUMBERS), st.sampled_from(_TEXTS), st.text(max_size=3))
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
_DEEP = st.sampled_from([b"[" * 400 + b"]" * 400, b"[" * 100_000, b'{"a":' * 600 + b"1" + b"}" * 600])


@st.composite
def anything_near(draw: st.DrawFn, seed: bytes) -> bytes:
    """The example with some bytes, or a value of its JSON, changed; or anything at all."""
    kind = draw(st.sampled_from(["value", "value", "value", "bytes", "deep", "anything"]))
    if kind == "anything":
        return draw(st.binary(max_size=40) | _VALUES.map(_dumped))
    try:
        content = json.loads(seed)
    except ValueError:
        kind = "bytes"
    if kind == "bytes":
        start = draw(st.integers(0, len(seed)))
        end = draw(st.integers(start, min(len(seed), start + 8)))
        return seed[:start] + draw(st.binary(max_size=8)) + seed[end:]
    places = _places(content)
    put = draw(st.sampled_from(places)) if places else None
    if kind == "deep":
        mark = '"the deep place"'
        changed = _dumped(put("the deep place") if put else "the deep place")
        return changed.replace(mark.encode(), draw(_DEEP))
    for _ in range(draw(st.integers(1, 2))):
        content = json.loads(seed) if put is None else put(draw(_VALUES))
        places = _places(content)
        put = draw(st.sampled_from(places)) if places else None
    return _dumped(content)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _places(content: Any) -> list[Callable[[Any], Any]]:
    """For every value inside: what puts another in its place, and returns the whole."""
    found: list[Callable[[Any], Any]] = []

    def walk(inside: Any) -> None:
        for key in inside if isinstance(inside, dict) else range(len(inside)):

            def put(value: Any, inside: Any = inside, key: Any = key) -> Any:
                inside[key] = value
                return content

            found.append(put)
            if isinstance(inside[key], dict | list):
                walk(inside[key])

    if isinstance(content, dict | list):
        walk(content)
    return found
