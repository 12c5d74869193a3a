"""Completion → program: the Python source in what a model wrote, whatever it is wrapped in.

``sources`` gives the texts that may be the program, the likeliest first; which of them compiles and
defines an entry point is for the sandbox to find out (``search.waves`` tries the next one where one does
not). The text is hostile input: it is cut and cleaned here, in time linear in its length, never parsed or run.
"""

import hashlib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from markdown_it import MarkdownIt

from arcloop.records import Completion, FinishReason, Program

__all__ = ["content_id", "extract", "has_code", "program_of", "sources"]

_MOST = 6
"""Texts of one answer that are tried."""
_CHARACTERS = 200_000
"""Of a longer answer the beginning is left out: programs stand at the end."""
_THOUGHTS = (
    "</think>",
    "</thinking>",
    "</thought>",
    "</reasoning>",
    "[/THINK]",
    "◁/think▷",
    "<|channel|>final<|message|>",
)
"""What ends a model's thoughts, where a server leaves them in the text."""
_BLANKS = str.maketrans({"\u00a0": " ", "\u200b": None, "\ufeff": None, "\u2060": None})
"""Blanks and marks that no program needs, and that Python refuses."""
_STARTS = ("def ", "async def ", "class ", "@", "import ", "from ", "#", '"""', "'''")
_BLOCKS = (
    "if ",
    "if(",
    "for ",
    "while ",
    "with ",
    "try:",
    "except",
    "else:",
    "elif ",
    "finally:",
    "match ",
    "return",
    "pass",
)
_CLOSERS = (")", "]", "}", '"""', "'''")

_MARKDOWN = MarkdownIt("commonmark").disable(["html_block", "lheading", "reference"])
"""Blocks only matter: code in fences, indented code, and both inside lists and quotes."""


def sources(completion: Completion, prefix: str) -> list[str]:
    """The texts of an answer that may be its program, normalised, the likeliest first; none if it never came.

    The answer is ``prefix`` (the part that the prompt gave) and the completion's text. What stands before the end of a
    thought comes last. Of code blocks the last that defines ``transform`` comes first, with the earlier blocks before it
    where it uses what these define; then those that define ``main``. An answer without blocks counts as it is, then from
    its first line of code on, without the prose behind it.
    """
    if completion.finish_reason is FinishReason.ERROR:
        return []
    # Line ends first, so that nothing else has to know of them.
    answer = (prefix + completion.text)[-_CHARACTERS:].replace("\r\n", "\n").replace("\r", "\n")
    answer = answer.translate(_BLANKS)
    cut = max((at + len(mark) for mark in _THOUGHTS if (at := answer.rfind(mark)) >= 0), default=0)
    texts = [answer[cut:], answer[:cut]] if cut else [answer]
    # Not all that there may be: each costs a look at the whole answer.
    found = dict.fromkeys(_normal(source) for text in texts for source in islice(_in(text), 2 * _MOST))
    return [source for source in found if source.strip()][:_MOST]


def has_code(text: str) -> bool:
    """Does an answer define or import anything, whether or not it is the program that was asked for?"""
    lines = (line.strip(" \t>`") for line in text[-_CHARACTERS:].split("\n"))
    return any(_starts_code(line) and not line.startswith(("#", "@", '"', "'")) for line in lines)


def program_of(completion: Completion, source: str) -> Program:
    """The program of a completion, for one of its ``sources``."""
    return Program(content_id(source), completion.id, completion.task_id, source)


def extract(completion: Completion, prefix: str) -> Program | None:
    """The likeliest program of a completion, or None if nothing in it defines ``transform`` or ``main``."""
    found = sources(completion, prefix)
    return program_of(completion, found[0]) if found else None


def content_id(source: str) -> str:
    """16 hex digits that equal sources share."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Code:
    """A text that looks like code."""

    text: str
    rank: int
    """3: a function ``transform``; 2: that name bound otherwise; 1: ``main``; 0: neither."""


def _in(text: str) -> Iterator[str]:
    blocks = [_ranked(code) for code in _blocks(text)]
    entries = [place for place, code in enumerate(blocks) if code.rank]
    for place in sorted(entries, key=lambda place: (blocks[place].rank > 1, place), reverse=True):
        helpers = _helpers(blocks, place)
        if helpers:
            yield "\n\n".join([*helpers, blocks[place].text])
        yield blocks[place].text
    if not entries:
        yield from _without_blocks(text)


def _blocks(text: str) -> list[str]:
    """The code blocks of a Markdown text, in their order, their own indent taken off."""
    if "```" not in text and "~~~" not in text:
        return []
    found: list[str] = []
    for token in _MARKDOWN.parse(_lined(text)) if len(text) <= _CHARACTERS else []:
        if token.type in ("fence", "code_block"):
            begun = token.info.find("def ")
            if begun >= 0:
                # Code that begins on the line of the fence.
                found.append(token.info[begun:] + "\n" + token.content)
            else:
                found.append(textwrap.dedent(token.content))
    return [_unprompted(code) for code in found]


def _lined(text: str) -> str:
    """The text with every fence on a line of its own, at most three blanks from the margin of what it is in."""
    lines: list[str] = []
    for line in text.split("\n"):
        for fence in ("```", "~~~"):
            at = line.find(fence)
            # Behind code or prose: a fence that is closed on its last line, or opened at the end of a sentence.
            if at > 0 and line[:at].strip(" \t>*-+.)0123456789") and line.count(fence) == 1:
                lines.append(line[:at])
                line = " " * (len(line) - len(line.lstrip())) + line[at:]
        if line.lstrip().startswith(("```", "~~~")) and len(line) - len(line.lstrip()) > 3:
            # Four blanks would make it indented code; a list that it stands in keeps its text either way.
            line = line.lstrip()
        lines.append(line)
    return "\n".join(lines)


def _ranked(text: str) -> _Code:
    rank = 0
    for line in text.split("\n"):
        rank = max(rank, _entry(line))
    return _Code(text, rank)


def _entry(line: str) -> int:
    """What a line at the margin says of entry points, as in ``_Code.rank``."""
    if line.startswith(("def transform", "async def transform", "class transform")):
        following = line.partition("transform")[2][:1]
        return 3 if following in ("(", " ", ":", "[", "\t") else 0
    if line.startswith("transform"):
        rest = line[len("transform") :].lstrip()
        return (
            2
            if (rest.startswith(("=", ",")) and not rest.startswith("==")) or (rest.startswith(":") and "=" in rest)
            else 0
        )
    if line.startswith(("import ", "from ")) and line.rstrip().endswith(" as transform"):
        return 2
    if line.startswith(("def main", "main =", "main=")):
        return 1
    return 0


def _helpers(blocks: list[_Code], place: int) -> list[str]:
    """The earlier blocks that define names which the block uses and does not define."""
    own = _defined(blocks[place].text)
    wanted = _words(blocks[place].text) - own
    chosen = []
    for code in reversed(blocks[:place]):
        names = _defined(code.text) - {"transform", "main"}
        if code.rank < 2 and names & wanted:
            chosen.append(code.text)
            wanted |= _words(code.text) - names
    return chosen[::-1]


def _defined(text: str) -> set[str]:
    """Names that lines at the margin bind."""
    names = set()
    for line in text.split("\n"):
        first, _, rest = line.partition(" ")
        if first in ("def", "class"):
            names.add(_word(rest))
        elif first == "async":
            names.add(_word(rest.removeprefix("def ")))
        elif first in ("import", "from"):
            names |= {_word(part.strip().rpartition(" ")[2]) for part in rest.rpartition("import ")[2].split(",")}
        elif "=" in line and line[:1].isidentifier():
            names |= {_word(part.strip()) for part in line.partition("=")[0].split(",")}
    return names - {""}


def _word(text: str) -> str:
    """The identifier that a text begins with."""
    end = 0
    while end < len(text) and (text[end] == "_" or text[end].isalnum()):
        end += 1
    return text[:end]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def _without_blocks(text: str) -> Iterator[str]:
    """Readings of an answer that has no code block with an entry point."""
    lines = textwrap.dedent(text).strip("\n").split("\n")
    lines = [line for line in lines if not line.lstrip().startswith(("```", "~~~"))]
    lines = [line.strip().strip("`") if line.startswith("`") else line for line in lines]
    entries = [place for place, line in enumerate(lines) if _entry(line)]
    if not entries:
        return
    if _starts_code(next(line for line in lines if line.strip())):
        yield "\n".join(lines)
    begin = next(place for place, line in enumerate(lines) if _starts_code(line) or _entry(line))
    for last in dict.fromkeys((entries[-1], entries[0])):
        end = next((n for n in range(last + 1, len(lines)) if _prose(lines[n])), len(lines))
        yield "\n".join(lines[begin:end])
        # From the entry's own block of lines: what stood before it may have been prose after all.
        yield "\n".join(lines[last:end])
    yield "\n".join(lines[begin:])


def _starts_code(line: str) -> bool:
    if line.startswith("from "):
        return " import " in line
    if line.startswith("class "):
        return ":" in line
    return line.startswith(_STARTS)


def _prose(line: str) -> bool:
    """Is it, at the margin and after a function, no line of a program?"""
    if not line.strip() or line[0] in " \t" or _starts_code(line) or line.startswith((*_BLOCKS, *_CLOSERS)):
        return False
    word = _word(line)
    rest = line[len(word) :].lstrip()
    calls = word and rest[:1] in ("=", "(", "[", ",", ":", "+", "-", "*", "/", "|", "&", ".")
    return not (calls and ("=" in rest or "(" in rest))


def _unprompted(code: str) -> str:
    """Code without the prompts of an interactive session, where every line of code has one."""
    lines = code.split("\n")
    if not any(line.startswith(">>> ") for line in lines):
        return code
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")) or line.rstrip() in (">>>", "..."))


def _normal(source: str) -> str:
    # Not splitlines(): it also cuts at characters that Python allows within a string.
    return "\n".join(line.rstrip(" \t") for line in source.split("\n")).strip("\n") + "\n"
