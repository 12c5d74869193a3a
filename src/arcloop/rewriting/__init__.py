"""Program → the same program, or another, written differently."""

from arcloop.rewriting.rewrite import rewrite, runs_programs, vary
from arcloop.rewriting.simplification import Trial

__all__ = ["Trial", "rewrite", "runs_programs", "vary"]
