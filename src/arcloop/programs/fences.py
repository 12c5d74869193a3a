"""Markdown → its code blocks, with what models get wrong in fences.

A fence may stand in lists and quotes, at any indent, behind a sentence or behind the last line of code, and have
anything behind it. What opens and what closes a block is decided line by line. Where that can be told in more than one
way, each is read: a fence in the middle of a line or of a text in quotes ends the block in one and not in the other.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from arcloop.programs.entry import entry
from arcloop.programs.prose import starts_code, unprompted

__all__ = ["between", "blocks", "outside"]

_FENCE = re.compile(r"([\s>*+\-.)\d]*)(`{3,}|~{3,})(.*)", re.DOTALL)
"""What it stands in, the fence, and what is behind it."""
_LANGUAGE = re.compile(r"\{?\.?[A-Za-z][^\s`<>]*(?:\s*|\s+[^\s=]+=.*)", re.DOTALL)
_QUOTES = re.compile(r"\\.|\"\"\"|'''|[\"'#]", re.DOTALL)


@dataclass(slots=True)
class _Block:
    """A block that is open."""

    fence: str
    quoted: bool
    """In a Markdown quote, whose lines have a mark before them."""
    first: int
    """The line behind its fence."""
    last: int = 0
    """The line of the fence that ends it, or the text's last one."""
    lines: list[str] = field(default_factory=list)
    text: str = ""
    """Which quotes a text is in that is not over; empty outside."""

    def add(self, line: str) -> None:
        self.lines.append(line)
        if self.text or "'''" in line or '"""' in line:
            self.text = _within(line, self.text)

    @property
    def code(self) -> str:
        return _tidy(textwrap.dedent("\n".join(self.lines)))


def blocks(text: str, *, strict: bool) -> list[str]:
    """The code blocks in their order, their own indent taken off.

    ``strict``: a fence ends a block only if it is as long as the one that began it, outside of a text in three quotes, and
    behind code only at the end of its line. Else any does, wherever it is.
    """
    return [block.code for block in _blocks(text.split("\n"), strict)]


def between(text: str) -> str:
    """What stands between the first fence and the last one, with all others in it; empty without two fences."""
    lines = text.split("\n")
    found = ((number, _FENCE.match(line)) for number, line in enumerate(lines) if _may_have_fence(line))
    fences = [number for number, match in found if match is not None and not match[3].strip("`~ \t")]
    first = next(_blocks(lines, strict=True), None)
    if first is None or not fences or fences[-1] <= first.first:
        return ""
    return _tidy(textwrap.dedent("\n".join(lines[first.first : fences[-1]])))


def outside(text: str) -> str:
    """What stands before, between and behind the code blocks."""
    lines = text.split("\n")
    begin, kept = 0, []
    for block in _blocks(lines, strict=True):
        kept += lines[begin : block.first - 1]
        begin = block.last + 1
    return "\n".join([*kept, *lines[begin:]])


def _blocks(lines: list[str], strict: bool) -> Iterator[_Block]:
    block: _Block | None = None
    for number, whole in enumerate(lines):
        line = whole
        if block is not None and block.quoted:
            if line.lstrip().startswith(">"):
                line = line.lstrip().removeprefix(">").removeprefix(" ")
            else:
                block.last = number - 1
                yield block
                block = None
        if block is None:
            block = _opened(line, number) if _may_have_fence(line) else None
            if block is not None and not block.fence:
                yield block
                block = None
            continue
        before, fence = _ended(line, block, strict) if _may_have_fence(line) else ("", None)
        if fence is None:
            block.add(line)
            continue
        if before:
            block.add(before)
        block.last = number
        again = _begins(fence)
        # A fence that is there twice ends nothing.
        if not again or any(one.strip() for one in block.lines):
            yield block
        block = _opened(fence, number) if again else None
    if block is not None:
        block.last = len(lines) - 1
        yield block


def _may_have_fence(line: str) -> bool:
    return "```" in line or "~~~" in line


def _opened(line: str, number: int) -> _Block | None:
    """The block that a line begins, if it does; without a fence where it also ends it."""
    match = _FENCE.match(line)
    if match is None:
        # Behind prose, where nothing follows but the language.
        at = max(line.find("```"), line.find("~~~"))
        match = _FENCE.match(line, at) if at > 0 else None
        if match is None or (match[3].strip() and not _LANGUAGE.fullmatch(match[3].strip()) and not _code(match[3])):
            return None
    before, fence, rest = match.groups()
    if fence in rest:
        # Opened and closed on one line, which is code or a word that is spelled in backticks.
        rest = rest.partition(fence)[0]
        made = _Block("", False, number + 1, number)
    else:
        made = _Block(fence, ">" in before, number + 1)
    code = _code(rest)
    if code:
        made.add(code)
    return made if made.fence or code else None


def _code(info: str) -> str:
    """Code that begins on the line of the fence, behind the language or at once."""
    for text in (info.strip(), info.strip().partition(" ")[2].lstrip()):
        if text and (entry(text) or starts_code(text)):
            return text
    return ""


def _ended(line: str, block: _Block, strict: bool) -> tuple[str, str | None]:
    """What is before the fence that ends a block, and the fence with what is behind it; None if none does."""
    mark = block.fence[0]
    if mark * 3 not in line or (strict and block.text):
        return "", None
    match = _FENCE.match(line)
    if match is not None and match[2][0] == mark:
        whole = len(match[2]) >= len(block.fence) or not strict
        return ("", line[match.start(2) :]) if whole else ("", None)
    at = line.rfind(block.fence) if strict else line.find(mark * 3)
    if at < 0:
        return "", None
    if strict:
        at = len(line[:at].rstrip(mark))
        behind = line[at:].strip(mark).strip()
        # A tag or a mark of the chat may follow; code does not.
        if (behind and not (behind[0] == "<" and behind[-1] == ">")) or _within(line[:at], "", whole=True):
            return "", None
    return line[:at], line[at:]


def _begins(fence: str) -> bool:
    """Does a fence in an open block begin another one, rather than end it?"""
    rest = fence.lstrip("`~").strip()
    return bool(rest) and (_LANGUAGE.fullmatch(rest) is not None or bool(_code(rest)))


def _within(line: str, quotes: str, whole: bool = False) -> str:
    """The quotes of the text that goes on behind a line of code; with ``whole`` also of one that ends with its line."""
    found = quotes
    for match in _QUOTES.finditer(line):
        mark = match[0]
        if found:
            found = "" if mark == found else found
        elif mark == "#":
            break
        elif mark[0] in "\"'":
            found = mark
    return found if whole or len(found) == 3 else ""


def _tidy(code: str) -> str:
    """A block without what is around its lines: the prompts of a session, and the label of a button above them."""
    first, end, rest = code.partition("\n")
    if end and first.strip().isidentifier() and not rest[:1].isspace():
        code = rest
    return unprompted(code)
