"""Configuration → a run with its sampler and trainer: what the command line and a notebook call."""

from arcloop.assembly.beginning import begin, replayed
from arcloop.assembly.importing import Import, begin_import
from arcloop.assembly.running import Run, answers_of, carry_on, evaluate, relabel, run
from arcloop.assembly.tracking import RunTracking, Tracker, TrackerName, open_tracker

__all__ = [
    "Import",
    "Run",
    "RunTracking",
    "Tracker",
    "TrackerName",
    "answers_of",
    "begin",
    "begin_import",
    "carry_on",
    "evaluate",
    "open_tracker",
    "relabel",
    "replayed",
    "run",
]
