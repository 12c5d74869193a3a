"""Test-time training for program induction on ARC: search, relabel in hindsight, learn, search again.

The names below are what a notebook lives on (docs/api.md); each is loaded when it is first used, and none
loads torch before a model is needed. The modules, in the order in which data flows through them, are
listed in CONTRIBUTING.md.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arcloop.assembly import Run, relabel, run
    from arcloop.config import Config, RelabelConfig, SelectionConfig, with_recipe
    from arcloop.errors import ArcloopError
    from arcloop.execution import Sandbox
    from arcloop.records import Candidate, Execution, Grid, Job, Task
    from arcloop.scoring import score_execution
    from arcloop.submission.voting import vote
    from arcloop.tasks.sets import load_answers, load_tasks

__all__ = [
    "ArcloopError",
    "Candidate",
    "Config",
    "Execution",
    "Grid",
    "Job",
    "RelabelConfig",
    "Run",
    "Sandbox",
    "SelectionConfig",
    "Task",
    "load_answers",
    "load_tasks",
    "relabel",
    "run",
    "score_execution",
    "vote",
    "with_recipe",
]

_FROM = {
    "ArcloopError": "errors",
    "Candidate": "records",
    "Config": "config",
    "Execution": "records",
    "Grid": "records",
    "Job": "records",
    "RelabelConfig": "config",
    "Run": "assembly",
    "Sandbox": "execution",
    "SelectionConfig": "config",
    "Task": "records",
    "load_answers": "tasks.sets",
    "load_tasks": "tasks.sets",
    "relabel": "assembly",
    "run": "assembly",
    "score_execution": "scoring",
    "vote": "submission.voting",
    "with_recipe": "config",
}
"""Name → the module that has it."""


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"arcloop.{_FROM[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
