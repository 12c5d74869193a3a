"""Random programs: productions put together into a source text, and simplified again.

Turns a ``Scope`` into a ``Draft`` (statements with their concepts) and a draft into source of one
fixed shape: ``from common import *``, an empty line, a ``# concepts:`` comment, ``transform``.
Promises source that compiles and depends on the generator alone; whether it runs on given inputs
is for the caller to find out.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from arcloop.grammar import colors, counting, elements, geometry, grids, lines, motion, objects, regions, symmetry
from arcloop.grammar.production import PRODUCTIONS, Production
from arcloop.grammar.scope import Scope

__all__ = ["CONCEPTS", "DRAWING", "Draft", "Statement", "sample_draft", "sample_program", "write"]

FILES = (geometry, colors, objects, regions, lines, motion, symmetry, grids, counting, elements)
"""The files of productions; importing them fills the registry."""

CONCEPTS = tuple(PRODUCTIONS)
"""All concepts, in the order of the files."""

DRAWING = "draw"
"""The concept of programs that paint at fixed places on a blank canvas."""

STEPS = (0.6, 0.3, 0.1)
"""How often a program has one, two, three steps, where nothing else is asked for."""

MUTATES = re.compile(
    r"^\s*(grid[^\n=]*\[[^\n]*\]|(row|line|part|a)\[[^\n]*\]) = "
    r"|^\s*(draw_line|blit_sprite|blit_object|flood_fill)\(grid",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement of ``transform`` with the concept that it belongs to."""

    concept: str
    code: str
    """Lines without the function's own indent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The statements of a program, before it is rendered."""

    statements: tuple[Statement, ...]

    @property
    def concepts(self) -> tuple[str, ...]:
        """Concepts in the order of the statements; one that follows itself is named once."""
        names = [statement.concept for statement in self.statements]
        return tuple(name for index, name in enumerate(names) if index == 0 or names[index - 1] != name)

    @property
    def source(self) -> str:
        """The program's text.

        ``input_grid`` is read directly up to the first statement that binds ``grid``; if something
        is painted before that, ``grid`` begins as a copy.
        """
        codes = [statement.code for statement in self.statements]
        first = next((index for index, code in enumerate(codes) if code.startswith("grid = ")), len(codes))
        if first == len(codes) or any(MUTATES.search(code) for code in codes[:first]):
            codes.insert(0, "grid = input_grid.copy()")
        else:
            codes[:first] = [_reading(code) for code in codes[:first]]
            codes[first] = "grid = " + _reading(codes[first].removeprefix("grid = "))
        body = "\n".join("    " + line for code in [*codes, "return grid"] for line in code.split("\n"))
        names = ", ".join(self.concepts)
        return f"from common import *\n\n# concepts: {names}\ndef transform(input_grid):\n{body}\n"

    def shorter(self) -> Iterator["Draft"]:
        """Every draft with one statement left out, the last statement first; none for a single statement."""
        if len(self.statements) > 1:
            for index in reversed(range(len(self.statements))):
                yield Draft(self.statements[:index] + self.statements[index + 1 :])


def _reading(code: str) -> str:
    return re.sub(r"\bgrid\b", "input_grid", code)


def write(production: Production, scope: Scope) -> tuple[Statement, ...]:
    """One step: what the production writes, cut into top-level statements."""
    codes: list[str] = []
    for line in production.write(scope).split("\n"):
        if line.startswith(" "):
            codes[-1] += "\n" + line
        else:
            codes.append(line)
    return tuple(Statement(production.concept, code) for code in codes)


def sample_draft(
    scope: Scope,
    weights: Mapping[str, float] | None = None,
    first: Production | None = None,
    steps: Sequence[float] = STEPS,
) -> Draft:
    """A random draft of one step or several.

    Args:
        scope: The looks of the task, and the generator.
        weights: Factor on each concept's own weight; a concept that is missing keeps its weight,
            0 rules it out.
        first: The first step's production; None draws it.
        steps: How often, relative to the others, a draft has one step, two steps, and so on.
    """
    weights = weights or {}
    room = 30 // min(scope.height, scope.width)
    if first is None:
        first = choose(scope.rng, weights, room=room)
    statements = list(write(first, scope))
    count = scope.rng.choices(range(1, len(steps) + 1), steps)[0]
    latest = first
    for _ in range(count - 1):
        if latest.last or latest.concept == DRAWING:
            break
        room = max(1, room // latest.grows)
        latest = choose(scope.rng, weights, follows=True, room=room)
        statements.extend(write(latest, scope))
    return Draft(tuple(statements))


def choose(rng: random.Random, weights: Mapping[str, float], follows: bool = False, room: int = 30) -> Production:
    """A production drawn by weight, for the first step or a later one.

    Those that would enlarge a side more than ``room`` times are left out. With no weight above 0
    it raises ``ValueError``.
    """
    entries = list(PRODUCTIONS.values())
    shares = [
        (entry.then if follows else entry.weight) * weights.get(entry.concept, 1.0) if entry.grows <= room else 0.0
        for entry in entries
    ]
    return rng.choices(entries, shares)[0]


def sample_program(rng: random.Random, scope: Scope | None = None, weights: Mapping[str, float] | None = None) -> str:
    """Source of a random program; equal generator states give equal programs.

    Without a ``scope`` colours and sizes are arbitrary; with ``Scope.of(rng, inputs, outputs)``
    they suit a task.
    """
    return sample_draft(scope or Scope(rng), weights).source
