"""Configuration → a run with its sampler and trainer: what the command line and a notebook call."""

from arcloop.assembly.beginning import begin, replayed
from arcloop.assembly.running import Run, carry_on, evaluate, relabel, run

__all__ = ["Run", "begin", "carry_on", "evaluate", "relabel", "replayed", "run"]
