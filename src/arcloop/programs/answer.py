"""An answer → the texts in it that may be its program.

``sources`` gives them, the likeliest first; which of them compiles and defines an entry point is for the sandbox to find
out (``search.waves`` tries the next one where one does not). The text is hostile input: it is cut and cleaned here, in
time linear in its length, never parsed or run.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from arcloop.programs.entry import Rank, called, defined, names_in, rank_of
from arcloop.programs.fences import between, blocks, outside
from arcloop.programs.prose import bare, cuts, starts_code, trimmed
from arcloop.programs.verbatim import content_id, programs_in
from arcloop.records import Completion, FinishReason, Program

__all__ = ["extract", "has_code", "program_of", "sources"]

_MOST = 6
"""Texts of one answer that are tried."""
_LOOKED_AT = 6 * _MOST
"""Texts that these are taken from: many are the same, and each costs a look at the whole answer."""
_CHARACTERS = 200_000
"""Of a longer answer the beginning is left out: programs stand at the end."""
_THOUGHTS = re.compile(
    r"[<\[◁]\|?\s{0,3}(?:/|end_of_)\s{0,3}[\w:]{0,20}(?:think|thought|reason|reflect)\w{0,20}\s{0,3}\|?[>\]▷]"
    r"|<\|channel\|>final[^\n]{0,60}<\|message\|>|<channel\|>",
    re.IGNORECASE,
)
"""What ends a model's thoughts, where a server leaves them in the text."""
_BLANKS = str.maketrans({"\u00a0": " ", **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", None)})
"""Blanks and marks that no program needs, and that Python refuses."""
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))
_BREAKS = frozenset("\u0085\u2028\u2029")
_STRING = re.compile(r'"(?=(?:\\n|```(?:python)?\\n)*(?:def|class|async|import|from|@|#))')
"""Where a JSON text begins that is code."""


def sources(completion: Completion, prefix: str) -> list[str]:
    """The texts of an answer that may be its program, normalised, the likeliest first; none if it never came.

    The answer is ``prefix`` (the part that the prompt gave) and the completion's text. What stands before the end of a
    thought comes last. Of code blocks the last that defines ``transform`` comes first, with the other blocks before it
    where it uses what these define; then those that define ``main``. A block, and an answer without blocks, counts as it
    is, then from its first line of code on, without the prose behind it. What ``verbatim`` wrote comes as it is, and only
    then as what else it may be.
    """
    if completion.finish_reason is FinishReason.ERROR:
        return []
    known = programs_in(completion.text)
    answers = map(_cleaned, known or [prefix + completion.text])
    found = dict.fromkeys(known[:_MOST])
    for source in islice(chain.from_iterable(map(_found, answers)), _LOOKED_AT):
        if len(found) == _MOST:
            break
        if source.strip():
            found[_normal(source)] = None
    return list(found)


def has_code(text: str) -> bool:
    """Does an answer define or import anything, whether or not it is the program that was asked for?"""
    lines = (line.strip(" \t>`") for line in text[-_CHARACTERS:].split("\n"))
    return any(starts_code(line) and not line.startswith(("#", "@", '"', "'")) for line in lines)


def program_of(completion: Completion, source: str) -> Program:
    """The program of a completion, for one of its ``sources``."""
    return Program(content_id(source), completion.id, completion.task_id, source)


def extract(completion: Completion, prefix: str) -> Program | None:
    """The likeliest program of a completion, or None if nothing in it defines ``transform`` or ``main``."""
    found = sources(completion, prefix)
    return program_of(completion, found[0]) if found else None


def _cleaned(answer: str) -> str:
    # Line ends first, so that nothing else has to know of them.
    answer = answer[-_CHARACTERS:].replace("\r\n", "\n").replace("\r", "\n").translate(_BLANKS)
    if "&" in answer and ("<code" in answer or "<pre" in answer):
        for entity, character in _ENTITIES:
            answer = answer.replace(entity, character)
    return answer


def _found(answer: str) -> Iterator[str]:
    """All that may be the program, some of it more than once."""
    ends = [match.end() for match in _THOUGHTS.finditer(answer)]
    texts = [answer[ends[-1] :], answer[: ends[-1]], answer] if ends else [answer]
    yield from chain.from_iterable(map(_in, texts))
    if not _BREAKS.isdisjoint(answer):
        # Where these are the ends of lines, nothing else could be told.
        yield from _in(bare(answer))
    for text in _strings(answer):
        yield from _in(text)


def _in(text: str) -> Iterator[str]:
    """The program in a text, in each of the ways in which its code blocks can be told."""
    if not _fenced(text):
        yield from _loose(text)
        return
    ways = dict.fromkeys((tuple(blocks(text, strict=True)), tuple(blocks(text, strict=False)), (between(text),)))
    likely = chain.from_iterable(zip_longest(*([*_likely(way)] for way in ways)))
    # The sort is stable: equal ones stay in turn.
    readings = sorted((one for one in likely if one is not None), key=lambda one: one.rank, reverse=True)
    best = max((one.rank for one in readings), default=Rank.NONE)
    if best <= Rank.HINT:
        # The code may be anywhere but in a block.
        yield from _loose(outside(text))
        yield from _loose(text)
    yield from chain.from_iterable(one.readings() for one in readings[: 2 * _MOST])
    if best is Rank.MAIN:
        yield from _loose(text)


def _fenced(text: str) -> bool:
    return "```" in text or "~~~" in text


def _loose(text: str) -> Iterator[str]:
    """The program in a text that has no code blocks."""
    yield from cuts(text)
    plain = bare(text)
    if plain != text:
        yield from trimmed(plain)
        yield from cuts(plain)


@dataclass(frozen=True, slots=True)
class _Code:
    """A text that looks like code."""

    text: str
    rank: Rank


@dataclass(frozen=True, slots=True)
class _Likely:
    """A code block that may be the program."""

    rank: Rank
    """A function ``transform`` counts no more than that name bound otherwise."""
    text: str
    helpers: tuple[str, ...]
    """Other blocks that it needs."""

    def readings(self) -> Iterator[str]:
        """Its texts, the likeliest first."""
        if self.helpers:
            yield "\n\n".join((*self.helpers, self.text))
        yield self.text
        yield from trimmed(self.text)
        plain = bare(self.text)
        if plain != self.text:
            yield from trimmed(plain)


def _likely(texts: tuple[str, ...]) -> Iterator[_Likely]:
    """Of some blocks those that may be the program, the likeliest first: of equals the last."""
    found = [_Code(text, rank_of(text)) for text in texts]
    entries = {code.text: place for place, code in enumerate(found) if code.rank}
    order = sorted(entries.values(), key=lambda place: (min(found[place].rank, Rank.BOUND), place), reverse=True)
    for place in order[:_MOST]:
        yield _Likely(min(found[place].rank, Rank.BOUND), found[place].text, tuple(_helpers(found, place)))


def _helpers(found: list[_Code], place: int) -> list[str]:
    """The other blocks that define names which the block uses and does not define."""
    if len(found) == 1:
        return []
    own = defined(found[place].text)
    wanted = names_in(found[place].text) - own
    chosen = []
    for code in reversed(found[:place]):
        names = defined(code.text) - {"transform", "main"}
        if code.rank < Rank.BOUND and names & wanted:
            chosen.append(code.text)
            wanted |= names_in(code.text) - names
    known = own.union(*map(defined, chosen))
    wanted = called(found[place].text) - known
    for code in found[place + 1 :]:
        # What comes behind may be an example of its use, whose values are not the program's.
        if code.rank is Rank.NONE and "transform" not in code.text and defined(code.text) & wanted:
            chosen.insert(0, code.text)
    return chosen[::-1]


def _strings(answer: str) -> Iterator[str]:
    """Code whose line ends are spelled out: in the texts of a JSON answer, or in one that has no others."""
    if "\\n" not in answer:
        return
    for match, _ in zip(_STRING.finditer(answer), range(_MOST), strict=False):
        try:
            text, _ = json.JSONDecoder().raw_decode(answer, match.start())
        except ValueError:
            continue
        if isinstance(text, str):
            yield text
    if "\n" not in answer.strip():
        yield answer.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _normal(source: str) -> str:
    # Not splitlines(): it also cuts at characters that Python allows within a string.
    return "\n".join(line.rstrip(" \t") for line in source.split("\n")).strip("\n") + "\n"
