"""Completion → program: the Python source in what a model wrote, whatever it is wrapped in."""

from arcloop.programs.answer import extract, has_code, program_of, sources
from arcloop.programs.verbatim import content_id, verbatim

__all__ = ["content_id", "extract", "has_code", "program_of", "sources", "verbatim"]
