"""Program → the same program without what makes no difference to its outputs.

Statements are left out one at a time, then together, and what is left is run in the sandbox: a
shorter source is accepted only if it gives exactly the outputs that were given before, failures
included. Considered are statements of the module and of each function's own body, and ``assert``
and bare calls such as ``print`` anywhere. Star imports, imports in use, seeds of random numbers
and texts standing alone stay. The layout and the comments of what remains are not touched.
"""

import ast
import io
import itertools
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from arcloop.execution.port import Executor
from arcloop.records import Grid, Job

__all__ = ["Trial", "deletions", "lines_of", "parsed", "simplify", "without", "without_comments", "written"]

Span = tuple[int, int]
"""First and last line of a statement, counted from 0, both included."""

_MOST_CHARACTERS = 20_000
_MOST_STATEMENTS = 100
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Trial:
    """A program on its way to a shorter one."""

    source: str
    """The shortest source so far."""
    inputs: tuple[Grid, ...]
    """What it is run on."""
    outputs: tuple[Grid | None, ...]
    """What it has to give on them."""
    removable: list[Span] = field(default_factory=list)
    """Statements of ``source`` that can each be left out alone."""


def simplify(trials: Sequence[Trial], executor: Executor) -> list[str]:
    """The shortest source found for each program, in their order; the trials are used up.

    Programs are tried side by side: a pass runs every program once per statement, and ends with one
    statement less, all that can go at once, or the program's simplest form.
    """
    left = list(trials)
    while left:
        singles = [(trial, [span]) for trial in left for span in deletions(trial.source)]
        for trial in left:
            trial.removable = []
        for trial, spans, _ in _equal(singles, executor):
            trial.removable += spans
        left = [trial for trial in left if trial.removable]
        together = [(trial, _outermost(trial.removable)) for trial in left]
        shorter = {id(trial): source for trial, _, source in _equal(together, executor)}
        for trial in left:
            # Where they cannot go together, the last one goes: what prepared it may be idle now.
            trial.source = shorter.get(id(trial)) or without(trial.source, [max(trial.removable)])
    return [trial.source for trial in trials]


def _equal(variants: Iterable[tuple[Trial, list[Span]]], executor: Executor) -> Iterator[tuple[Trial, list[Span], str]]:
    """The variants that give what their program gave, each with its source."""
    made = [(trial, spans, without(trial.source, spans)) for trial, spans in variants]
    tried = {str(i): entry for i, entry in enumerate(made) if parsed(entry[2]) is not None}
    for execution in executor.execute(Job(name, source, trial.inputs) for name, (trial, _, source) in tried.items()):
        trial, spans, source = tried[execution.id]
        if all(map(_same, execution.outputs, trial.outputs)):
            yield trial, spans, source


def _same(one: Grid | None, other: Grid | None) -> bool:
    return one is other if one is None or other is None else np.array_equal(one, other)


def _outermost(spans: Iterable[Span]) -> list[Span]:
    """The spans that lie in no other."""
    kept: list[Span] = []
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or first > kept[-1][1]:
            kept.append((first, last))
    return kept


def deletions(source: str) -> list[Span]:
    """Lines of the statements that are worth leaving out on trial, in their order; empty for what cannot be parsed."""
    tree = parsed(source)
    if tree is None:
        return []
    lines = source.encode().split(b"\n")
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found: set[Span] = set()
    for statement in _statements(tree):
        span = lines_of(statement, lines)
        if span is not None and not _kept(statement, used):
            found.add(span)
    return sorted(found) if len(found) <= _MOST_STATEMENTS else []


def parsed(source: str) -> ast.Module | None:
    """The source's tree; None where it cannot be parsed, or is so long that it is better not tried in this process."""
    if len(source) > _MOST_CHARACTERS or "\r" in source or "\f" in source:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, *_FUNCTIONS)):
            yield from node.body
        elif isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield node


def _kept(statement: ast.stmt, used: set[str]) -> bool:
    """Is the statement out of question?"""
    match statement:
        case ast.Import(names) | ast.ImportFrom(names=names):
            return any(a.name == "*" or (a.asname or a.name).partition(".")[0] in used for a in names)
        case ast.FunctionDef(name="transform"):
            return True
        case ast.Expr(ast.Call(ast.Attribute(attr="seed"))):
            return True
    return _stands_alone(statement)


def _stands_alone(statement: ast.stmt) -> bool:
    """Is it a text that nothing is done with, such as a docstring?"""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return True
    return False


def lines_of(statement: ast.stmt, lines: Sequence[bytes]) -> Span | None:
    """The statement's lines, decorators included, if nothing else is on them but a comment."""
    decorators = statement.decorator_list if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)) else []
    first = min([statement.lineno, *(node.lineno for node in decorators)]) - 1
    last = (statement.end_lineno or statement.lineno) - 1
    before = lines[statement.lineno - 1][: statement.col_offset]
    after = lines[last][statement.end_col_offset :].strip()
    return None if before.strip() or (after and not after.startswith(b"#")) else (first, last)


def written(line: bytes, end: int, name: str) -> bool:
    """Does the name stand in the line before this byte as it is? Python reads full-width and other forms of its letters too."""
    return line[:end].endswith(name.encode())


def without(source: str, spans: Iterable[Span]) -> str:
    """The source without these lines, and without comments that spoke of them alone.

    A comment right above a statement goes with it if an empty line, another comment or the end of
    the block follows.
    """
    lines = source.split("\n")
    gone: set[int] = set()
    # Backwards, so that what follows a statement is what will follow it.
    for first, last in sorted(spans, reverse=True):
        following = next((lines[n] for n in range(last + 1, len(lines)) if n not in gone), "")
        ends = not following.strip() or following.lstrip().startswith("#") or _indent(following) < _indent(lines[first])
        begin = first
        while ends and begin > 0 and _comment(lines[begin - 1], lines[first]):
            begin -= 1
        gone.update(range(begin, last + 1))
        # Of the empty lines on both sides one group is enough, and none at the beginning of a block.
        if begin == 0 or not lines[begin - 1].strip() or lines[begin - 1].endswith(":"):
            gone.update(itertools.takewhile(lambda n: not lines[n].strip(), range(last + 1, len(lines) - 1)))
    return "\n".join(line for number, line in enumerate(lines) if number not in gone).strip("\n") + "\n"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _comment(line: str, beside: str) -> bool:
    return line.lstrip().startswith("#") and _indent(line) == _indent(beside)


def without_comments(source: str) -> str:
    """The source without comments and without texts that stand alone, unless one is all that a block holds.

    What cannot be parsed comes back as it is.
    """
    tree = parsed(source)
    if tree is None:
        return source
    lines = source.encode().split(b"\n")
    blocks = [node.body for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS))]
    texts = [s for block in blocks if len(block) > 1 for s in block if _stands_alone(s)]
    spans = [span for text in texts if (span := lines_of(text, lines)) is not None]
    shorter = without(source, spans)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(shorter).readline))
    except (tokenize.TokenError, SyntaxError):
        return source
    kept: list[str | None] = [*shorter.split("\n")]
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            # A line that held nothing else goes whole.
            kept[row - 1] = (kept[row - 1] or "")[:column].rstrip() or None
    cleaned = "\n".join(line for line in kept if line is not None).strip("\n") + "\n"
    # The same statements, or nothing was done.
    return cleaned if _dump(shorter) == _dump(cleaned) != "" else source


def _dump(source: str) -> str:
    tree = parsed(source)
    try:
        return ast.dump(tree) if tree is not None else ""
    except (RecursionError, ValueError):  # nested too deeply, or a number too long, to be written down
        return ""
