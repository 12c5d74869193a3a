"""Random well-typed programs over the program library, in the shape that models are taught to write."""

from arcloop.grammar.production import PRODUCTIONS, Production, production
from arcloop.grammar.program import CONCEPTS, DRAWING, Draft, sample_draft, sample_program
from arcloop.grammar.scope import Scope

__all__ = [
    "CONCEPTS",
    "DRAWING",
    "PRODUCTIONS",
    "Draft",
    "Production",
    "Scope",
    "production",
    "sample_draft",
    "sample_program",
]
