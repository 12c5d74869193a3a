"""Configuration → a run with its sampler and trainer: what the command line and a notebook call."""

from arcloop.assembly.beginning import begin, replayed
from arcloop.assembly.running import Run, answers_of, carry_on, evaluate, relabel, run

__all__ = ["Run", "answers_of", "begin", "carry_on", "evaluate", "relabel", "replayed", "run"]
