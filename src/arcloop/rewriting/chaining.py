"""Two programs → one that gives the first's output to the second.

Only the text is put together: the second's body follows the first's. Whether that runs, and what it gives, is for the caller
to find out. A chain of a program with itself is one that is applied twice.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from arcloop.rewriting.simplification import lines_of, parsed

__all__ = ["chain"]


@dataclass(frozen=True)
class _Parts:
    """A program, cut where it is to be joined."""

    parameter: str
    before: list[str]
    """Lines up to the body of ``transform``."""
    body: list[str]
    """Lines of the body but the last statement, which returns."""
    returned: str
    """What that returns, in one line."""
    indent: str
    others: dict[str, ast.stmt]
    """Text of each other statement of the module → the statement."""


def chain(first: str, second: str) -> str | None:
    """The source of a program that applies ``first``, then ``second``; None where that cannot be written down so.

    Each has to end with ``transform``, of one parameter, whose last statement is its only return; both with the same indent,
    and no name of the module in common but with the same text.
    """
    try:
        one, two = _parts(first), _parts(second)
    except (RecursionError, ValueError):  # nested too deeply, or a number too long, to be written down again
        return None
    if one is None or two is None or one.indent != two.indent:
        return None
    new = {text: node for text, node in two.others.items() if text not in one.others}
    if _names(new.values()) & _names(one.others.values()):
        return None
    imports = [text for text, node in new.items() if isinstance(node, (ast.Import, ast.ImportFrom))]
    # At the end: they are there by the time that anything is called.
    below = [line for text in new if text not in imports for line in ("", "", text)]
    handed = [] if one.returned == two.parameter else [f"{one.indent}{two.parameter} = {one.returned}"]
    returns = f"{two.indent}return {two.returned}"
    return "\n".join([*imports, *one.before, *one.body, *handed, *two.body, returns, *below, ""])


def _parts(source: str) -> _Parts | None:
    tree = parsed(source)
    function = tree.body[-1] if tree is not None and tree.body else None
    if tree is None or not isinstance(function, ast.FunctionDef) or function.name != "transform":
        return None
    taken, last = function.args, function.body[-1]
    more = (taken.posonlyargs, taken.kwonlyargs, taken.defaults, taken.vararg, taken.kwarg, function.decorator_list)
    if len(taken.args) != 1 or any(more) or not isinstance(last, ast.Return) or last.value is None:
        return None
    lines = source.split("\n")
    start, end = function.body[0].lineno - 1, last.lineno - 1
    # Returns of functions within count too: then it is better not tried.
    alone = sum(isinstance(node, ast.Return) for node in ast.walk(function)) == 1
    apart = start > function.lineno - 1 and lines_of(last, [line.encode() for line in lines]) is not None
    if not (alone and apart):
        return None
    indent = lines[end][: len(lines[end]) - len(lines[end].lstrip())]
    others = {ast.unparse(node): node for node in tree.body[:-1]}
    return _Parts(taken.args[0].arg, lines[:start], lines[start:end], ast.unparse(last.value), indent, others)


def _names(statements: Iterable[ast.stmt]) -> set[str]:
    """What the statements define, imports aside: the same name may well be imported twice."""
    defined = (node for node in statements if not isinstance(node, (ast.Import, ast.ImportFrom)))
    names = set()
    for statement in defined:
        for node in ast.walk(statement):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names
