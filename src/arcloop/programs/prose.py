"""Lines of an answer → which are code and which are prose, and code without what stands beside it.

For texts that are not marked as code, or not only code.
"""

import re
import textwrap
from collections.abc import Iterator

from arcloop.programs.entry import entry, rank_of, word

__all__ = ["bare", "cuts", "starts_code", "trimmed", "unprompted"]

_STARTS = ("def ", "async def ", "@", "#", '"""', "'''")
_IMPORT = re.compile(r"import [\w.]+\s*(?:$|[,;#]|as\b)|from [\w.]+ import\b")
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
_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |\s*$)|(?:In \[\d{1,5}\]| {2,12}\.\.\.): ?")
_TAG = re.compile(r"<[/|｜!]?[A-Za-z][^<>]{0,80}>")
_FOREIGN = str.maketrans(
    {
        **dict.fromkeys(
            "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
        ),
        **dict.fromkeys("\u0085\u2028\u2029", "\n"),
        **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", None),
        **dict.fromkeys("‘’‚‛", "'"),
        **dict.fromkeys("“”„‟", '"'),
        "−": "-",
    }
)
"""Characters of a typesetter's that mean nothing in Python outside of a text."""
_SHELL = ("!", "%", "$ ")


def starts_code(line: str) -> bool:
    """Does a line at the margin begin a program?"""
    if line.startswith("class "):
        return ":" in line
    return line.startswith(_STARTS) or _IMPORT.match(line) is not None


def bare(text: str) -> str:
    """A text without what no program has: tags at both ends of its lines, orders to a shell, foreign blanks and quotes."""
    if not text.isascii():
        text = text.translate(_FOREIGN)
    lines = (_untagged(line) if "<" in line else line for line in text.split("\n"))
    return unprompted("\n".join(line for line in lines if not line.startswith(_SHELL)))


def _untagged(line: str) -> str:
    begin, end = _depth(line), len(line.rstrip())
    indent = begin
    while match := _TAG.match(line, begin):
        begin = match.end()
    while end > begin and line[end - 1] == ">":
        at = line.rfind("<", max(begin, end - 90), end)
        if at < 0 or not _TAG.fullmatch(line, at, end):
            break
        end = at
    # What is behind a tag is as far from the margin as it is from the tag.
    return line[begin if begin > indent else 0 : end]


def unprompted(code: str) -> str:
    """Code without the prompts of an interactive session, where every line of code has one."""
    if ">>> " not in code and "In [" not in code:
        return code
    lines = [(_PROMPT.match(line), line) for line in code.split("\n")]
    if not any(prompt and prompt[0].startswith((">>> ", "In [")) for prompt, _ in lines):
        return code
    if any(not prompt and entry(line) for prompt, line in lines):
        # A program whose docstring has an example.
        return code
    return "\n".join(line[prompt.end() :] for prompt, line in lines if prompt)


def cuts(text: str) -> Iterator[str]:
    """Parts of a text without code blocks that may be its program, the likeliest first."""
    lines = textwrap.dedent(text).strip("\n").split("\n")
    lines = [line for line in lines if not line.lstrip().startswith(("```", "~~~"))]
    lines = [line.strip().strip("`") if line.startswith("`") else line for line in lines]
    entries = [place for place, line in enumerate(lines) if entry(line)]
    if not entries:
        yield from _indented(lines)
        return
    if starts_code(next(line for line in lines if line.strip())):
        yield "\n".join(lines)
    begin = next(place for place, line in enumerate(lines) if starts_code(line) or entry(line))
    for last in dict.fromkeys((entries[-1], entries[0])):
        end = _end(lines, last)
        yield "\n".join(lines[begin:end])
        # From the entry's own block of lines: what stood before it may have been prose after all.
        yield "\n".join(lines[last:end])
    yield "\n".join(lines[begin:])


def trimmed(block: str) -> Iterator[str]:
    """What a code block holds that is not all code, from its first line of code to its last."""
    lines = block.split("\n")
    entries = [place for place, line in enumerate(lines) if entry(line)]
    entries = entries or [place for place, line in enumerate(lines) if entry(line.lstrip())]
    begin = next((place for place, line in enumerate(lines) if _begins(line)), 0)
    for last in dict.fromkeys((*entries[-1:], *entries[:1])):
        yield "\n".join(lines[begin : _end(lines, last)])


def _indented(lines: list[str]) -> Iterator[str]:
    """A program whose function is not at the margin: code that is indented in prose, or a function within a statement."""
    place = next((place for place, line in enumerate(lines) if entry(line.lstrip())), None)
    if place is None:
        if lines and starts_code(lines[0]) and rank_of("\n".join(lines)):
            yield "\n".join(lines)
        return
    depth = _depth(lines[place])
    first = next((n for n in range(place, 0, -1) if lines[n - 1].strip() and _depth(lines[n - 1]) < depth), 0)
    if first and lines[first - 1].startswith((*_STARTS, *_BLOCKS, "class ")):
        yield from trimmed("\n".join(lines))
    else:
        last = next((n for n in range(place, len(lines)) if lines[n].strip() and _depth(lines[n]) < depth), len(lines))
        yield textwrap.dedent("\n".join(lines[first:last]))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _begins(line: str) -> bool:
    return starts_code(line) or entry(line) > 0 or (line.startswith(_BLOCKS) and line.rstrip().endswith(":"))


def _end(lines: list[str], last: int) -> int:
    """The first line of prose behind a function."""
    return next((place for place in range(last + 1, len(lines)) if _prose(lines[place])), len(lines))


def _prose(line: str) -> bool:
    """Is it, at the margin and after a function, no line of a program?"""
    if not line.strip() or line[0] in " \t" or starts_code(line) or line.startswith((*_BLOCKS, *_CLOSERS)):
        return False
    name = word(line)
    rest = line[len(name) :].lstrip()
    calls = name and rest[:1] in ("=", "(", "[", ",", ":", "+", "-", "*", "/", "|", "&", ".")
    return not (calls and ("=" in rest or "(" in rest))
