"""How much hotter than usual a task's draws are in a round: hotter where its programs have become alike. Pure.

A model that learns from its own programs comes to write the same ones again. What is sampled twice finds
nothing, and a part of the answer that all programs leave out is never learned.
"""

from collections.abc import Iterable, Mapping

from arcloop.records import Candidate

__all__ = ["HIGHEST", "heats"]

HIGHEST = 2.0
"""No temperature is raised beyond this: servers refuse more."""

_STEP = 1.25
_MOST = 2.0
"""So that a task whose programs stay alike does not end in noise."""


def heats(before: Mapping[str, float], found: Iterable[Candidate], diversity: float) -> dict[str, float]:
    """Task id → what its temperatures are multiplied by in the next round, for tasks where that is more than 1.

    ``before``: the same for the round before, and ``found`` its programs. A quarter more where a smaller share of a
    task's programs than ``diversity`` differed from each other, a fifth less where a larger one did, from 1 to 2.
    A task of which nothing was found keeps its heat.
    """
    sources: dict[str, list[str]] = {}
    for candidate in found:
        sources.setdefault(candidate.program.task_id, []).append(candidate.program.id)
    heat = dict(before)
    for task_id, ids in sources.items():
        share = len(set(ids)) / len(ids)
        step = _STEP if share < diversity else 1 / _STEP if share > diversity else 1.0
        heat[task_id] = min(_MOST, max(1.0, heat.get(task_id, 1.0) * step))
    return {task_id: factor for task_id, factor in heat.items() if factor > 1}
