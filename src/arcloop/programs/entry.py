"""Lines of code → which names they bind, and whether ``transform`` or ``main`` is among them.

Read by its looks, line by line, in time linear in its length: hostile text is never parsed here. What a text only
seems to bind is found out in the sandbox.
"""

import re
from enum import IntEnum

__all__ = ["Rank", "called", "defined", "entry", "names_in", "rank_of", "word"]


class Rank(IntEnum):
    """How likely a text is the program that was asked for."""

    NONE = 0
    """It binds neither ``transform`` nor ``main``."""
    STUB = 1
    """A function ``transform`` without a body."""
    HINT = 2
    """Something in it may bind one of them, or gives one another name only."""
    MAIN = 3
    """A function ``main``."""
    BOUND = 4
    """``transform`` is assigned to at the margin, in a text that defines a function or a class, or is defined within a
    statement."""
    FUNCTION = 5
    """A function ``transform``."""


_FUNCTION = re.compile(r"(?:async[ \t]+)?(?:def|class)[ \t]+transform[ \t(:\[]")
_MAIN = re.compile(r"def[ \t]+main\b|main[ \t]*=(?!=)")
_ASSIGNED = re.compile(r"(?<![=!<>+\-*/%&|^@:])=(?!=)")
_HINT = re.compile(
    r"\b(?:def|class|as|for|import)[\s\\]{1,20}(?:transform|main)\b"
    r"|\b(?:transform|main)\b['\"\])\s]{0,5}(?::?=(?!=)|[:,][^=\n]{0,80}=(?!=))"
)
"""What binds the name somewhere in a text: within other statements, or as a text, as in ``globals()["transform"] = …``."""
_STATEMENTS = ("if ", "if(", "elif ", "else:", "try:", "except", "finally:", "with ", "for ", "while ", "match ")
_STUB = re.compile(r"(?:\.\.\.|…|pass|raise NotImplementedError\b.*)\s*(?:#.*)?")


def entry(line: str) -> Rank:
    """What a line at the margin says of entry points."""
    if _FUNCTION.match(line):
        return Rank.FUNCTION
    if "transform" in line and line[0] not in " \t#" and any(_assigns(part.strip()) for part in line.split(";")):
        return Rank.BOUND
    return Rank.MAIN if _MAIN.match(line) else Rank.NONE


def _assigns(statement: str) -> bool:
    if statement.startswith(("import ", "from ")):
        return statement.endswith(" as transform")
    name, walrus, _ = statement.partition(":=")
    if walrus and name.strip(" (") == "transform":
        return True
    *targets, _ = _ASSIGNED.split(statement)
    return any(_is_target(target) for target in targets)


def _is_target(text: str) -> bool:
    """Is ``transform`` among the names that stand before an equals sign?"""
    # An annotation is no name; a call, in which the sign gives an argument, is no target.
    names = text.partition(":")[0].strip().removeprefix("(").removeprefix("[")
    return "(" not in names and any(name.strip(" \t*)]") == "transform" for name in names.split(","))


def rank_of(text: str) -> Rank:
    """How likely a block of code is the program."""
    lines = text.split("\n")
    ranks = [entry(line) for line in lines]
    best = max(ranks)
    if best is Rank.FUNCTION:
        full = any(rank is best and not _is_stub(lines, place) for place, rank in enumerate(ranks))
        return Rank.FUNCTION if full else Rank.STUB
    if best is Rank.BOUND and not any(mark in text for mark in ("def ", "lambda", "class ")):
        return Rank.HINT
    if best <= Rank.MAIN and "transform" in text and _within_statement(lines):
        return Rank.BOUND
    if best is Rank.NONE and ("transform" in text or "main" in text):
        # Not in what is said of it.
        code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        return Rank.HINT if _HINT.search(code) else Rank.NONE
    return best


def _within_statement(lines: list[str]) -> bool:
    """Is the function defined under an ``if`` or the like, rather than in a class or in another function?"""
    above = ""
    for line in lines:
        if line[:1] not in ("", " ", "\t", "#"):
            above = line
        elif above.startswith(_STATEMENTS) and _FUNCTION.match(line.lstrip()):
            return True
    return False


def _is_stub(lines: list[str], place: int) -> bool:
    """Has the function that begins at a line no body but a text, a comment, or a sign that there is none?"""
    quote = ""
    for number in range(place, len(lines)):
        line = lines[number].strip()
        if number == place:
            # One line, or a signature that may go on below.
            _, colon, line = line.rpartition(":")
            if not colon or not line.strip():
                continue
            line = line.strip()
        elif line and lines[number][0] not in " \t)" and not quote:
            return True
        if quote:
            quote = "" if quote in line else quote
            continue
        if line.startswith(('"""', "'''")):
            quote = line[:3] if line.count(line[:3]) == 1 else ""
            continue
        if line and not line.startswith("#") and not line.endswith((",", "(", ":")) and not _STUB.fullmatch(line):
            return False
    return True


def defined(text: str) -> set[str]:
    """Names that lines at the margin bind."""
    names = set()
    for line in text.split("\n"):
        first, _, rest = line.partition(" ")
        if first in ("def", "class"):
            names.add(word(rest))
        elif first == "async":
            names.add(word(rest.removeprefix("def ")))
        elif first in ("import", "from"):
            names |= {word(part.strip().rpartition(" ")[2]) for part in rest.rpartition("import ")[2].split(",")}
        elif "=" in line and line[:1].isidentifier():
            names |= {word(part.strip()) for part in line.partition("=")[0].split(",")}
    return names - {""}


def called(text: str) -> set[str]:
    """Names before an opening parenthesis."""
    return set(re.findall(r"\b(\w+)\(", text))


def names_in(text: str) -> set[str]:
    """All words."""
    return set(re.findall(r"\w+", text))


def word(text: str) -> str:
    """The identifier that a text begins with."""
    end = 0
    while end < len(text) and (text[end] == "_" or text[end].isalnum()):
        end += 1
    return text[:end]
