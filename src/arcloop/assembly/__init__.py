"""Configuration → a run with its sampler and trainer: what the command line and a notebook call."""

from arcloop.assembly.beginning import begin, replayed
from arcloop.assembly.importing import Import, begin_import
from arcloop.assembly.running import Run, carry_on, evaluate, relabel, run

__all__ = ["Import", "Run", "begin", "begin_import", "carry_on", "evaluate", "relabel", "replayed", "run"]
