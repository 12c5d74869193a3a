"""A program of ours → one that is nearly the same, with a line of concepts that speaks of it.

What the model reads as an earlier program, and a part of what it learns to write, are mutants. Their concepts change with their
statements, so that the line above a program says what the program does and not what the one before it did. Which concept a
statement belongs to is guessed from its place.
"""

import random
import warnings
from collections.abc import Sequence

import numpy as np

from arcloop.execution.child import describe, packed_grid
from arcloop.exercises.trusted import Transform, compile_source
from arcloop.grammar import Scope
from arcloop.grammar.program import choose, write
from arcloop.records import Grid
from arcloop.rewriting.mutation import Change, mutant

__all__ = ["HEAD", "concepts_of", "given", "mutated"]

HEAD = "# concepts: "
"""How the line begins that names a program's concepts."""


def concepts_of(source: str) -> tuple[str, ...]:
    """The concepts that a program's own line names; none where it has no such line."""
    line = next((line for line in source.split("\n") if line.startswith(HEAD)), None)
    return () if line is None else tuple(line.removeprefix(HEAD).split(", "))


def mutated(source: str, scope: Scope, rng: random.Random, times: int) -> str:
    """The program changed in up to so many places; new statements are a step of the grammar."""
    for _ in range(times):
        step: list[str] = []

        def fresh(step: list[str] = step) -> str:
            production = choose(rng, {}, follows=True, room=1)
            step[:] = [production.concept]
            return "\n".join(statement.code for statement in write(production, scope))

        made = mutant(source, rng, fresh)
        if made is not None:
            source = _headed(source, *made, step)
    return source


def given(source: str, inputs: Sequence[Grid]) -> tuple[Grid | str, ...]:
    """What a mutant gives for each input: a grid, or how it fails, in the sandbox's words."""
    try:
        transform = compile_source(source)
    except SyntaxError as error:
        return (_said(error), *("failed too" for _ in inputs[1:]))
    found: list[Grid | str] = []
    for grid in inputs:
        output = _outcome(transform, grid)
        known = isinstance(output, str) and any(isinstance(one, str) for one in found)
        found.append("failed too" if known else output)
    return tuple(found)


def _headed(before: str, source: str, change: Change, step: Sequence[str]) -> str:
    """``source`` with the concepts that follow from those of ``before`` and the change."""
    concepts = list(concepts_of(before))
    if not concepts:
        return source
    was = before.split("\n")
    start = next((number for number, line in enumerate(was) if line.startswith("def transform")), 0) + 1
    body = sum(bool(line.strip()) for line in was[start:]) - 1  # it returns in the last line
    pairs = zip(was, source.split("\n"), strict=False)
    same = next((number for number, (one, other) in enumerate(pairs) if one != other), len(was))
    # Which concept the first changed line belongs to, as if all had equally many lines.
    place = min(len(concepts) - 1, max(0, same - start) * len(concepts) // max(1, body))
    match change:
        case Change.DROPPED if len(concepts) > 1:
            del concepts[place]
        case Change.REPLACED if body <= len(concepts):
            concepts[place : place + 1] = step
        case Change.INSERTED | Change.REPLACED:
            # Where a concept has several lines, others of them are left.
            concepts[place + 1 : place + 1] = step
        case _:
            return source
    lines = source.split("\n")
    lines[next(number for number, line in enumerate(lines) if line.startswith(HEAD))] = HEAD + ", ".join(concepts)
    return "\n".join(lines)


def _outcome(transform: Transform, grid: Grid) -> Grid | str:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = transform(grid.astype(np.int64))
        except Exception as error:  # a program may raise anything, and that is what is told of it
            return _said(error)
        reason, packed = packed_grid(result)
    return reason or np.frombuffer(packed[2:], np.uint8).reshape(packed[0], packed[1]).astype(np.int8)


def _said(error: Exception) -> str:
    return " ".join(describe(error).decode().split())
