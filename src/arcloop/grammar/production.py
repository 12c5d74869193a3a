"""The registry of productions: each is one function that writes a few statements on ``grid``.

A production turns a ``Scope`` into source text in which ``grid`` is the current grid. Two shapes
are allowed: statements that change ``grid`` in place, or statements that read ``grid`` and end by
binding it anew (``grid = ...`` at the top level). ``program`` puts them together.

To add one, write a function in the file of its noun, with a docstring and an example of its text:

    @production("flip", suits=("small", "objects"), then=1.0)
    def flip(scope: Scope) -> str:
        '''Mirror the grid. Example: ``grid = np.flip(grid, 0)``.'''
        return f"grid = np.flip(grid, {scope.axis()})"
"""

from collections.abc import Callable
from dataclasses import dataclass

from arcloop.grammar.scope import Scope

__all__ = ["PRODUCTIONS", "Production", "production"]

Writer = Callable[[Scope], str]


@dataclass(frozen=True, slots=True)
class Production:
    """A named way to write one step of a program."""

    concept: str
    """What the ``# concepts:`` line calls it; unique."""
    write: Writer
    suits: tuple[str, ...]
    """Kinds of inputs (see ``arcloop.exercises.inputs``) on which it usually shows an effect."""
    weight: float
    """How often a program begins with it, relative to others."""
    then: float
    """How often it follows another step, relative to others; 0 = only at the beginning."""
    last: bool
    """Nothing follows it: its output is a summary, not a picture."""
    plain: bool
    """Outputs of one single colour are meaningful."""
    grows: int
    """Factor by which a side grows, as a rule; it does not follow steps after which the result would mostly be over 30."""


PRODUCTIONS: dict[str, Production] = {}
"""Concept → production, in the order of definition."""


def production(
    concept: str,
    suits: tuple[str, ...],
    weight: float = 1.0,
    then: float = 0.0,
    last: bool = False,
    plain: bool = False,
    grows: int = 1,
) -> Callable[[Writer], Writer]:
    """Register the decorated function under ``concept``; a name that is taken raises ``ValueError``."""

    def register(write: Writer) -> Writer:
        if concept in PRODUCTIONS:
            raise ValueError(f"concept {concept!r} is registered twice; expected unique names — rename one")
        PRODUCTIONS[concept] = Production(concept, write, suits, weight, then, last, plain, grows)
        return write

    return register
