"""Is the model still well? What a search's completions say of the adapter that wrote them. Pure.

Learning too fast does not make a model worse at once in every number: its programs stop to run, or
become all the same, or write answers down. These are the numbers that show it, and the rule by
which an adapter is dropped.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from arcloop.records import Candidate, Status, Task
from arcloop.scoring import effect, hard_coded

__all__ = ["Validity", "counts", "harmed", "per_round", "validity"]

Validity = dict[str, list[int]]
"""Task id → valid output grids, and output grids asked for."""


def validity(candidates: Sequence[Candidate], completions: Mapping[str, int], tasks: Sequence[Task]) -> Validity:
    """How many outputs are grids; ``completions``: task id → completions, with those that hold no program."""
    valid: Counter[str] = Counter()
    for candidate in candidates:
        valid[candidate.program.task_id] += sum(grid is not None for grid in candidate.execution.outputs)
    return {t.id: [valid[t.id], completions[t.id] * len(t.inputs)] for t in tasks if completions.get(t.id)}


def harmed(now: Validity, earlier: Sequence[Validity], share: float) -> bool:
    """Is the share of valid outputs below ``share`` of the best that an earlier round had on the same tasks?"""
    best = max((_share(one, now) for one in earlier), default=0.0)
    return _share(now, now) < share * best


def counts(candidates: Sequence[Candidate], tasks: Sequence[Task]) -> dict[str, int]:
    """Programs that gave all grids; of those, different outputs and sources that hold an output."""
    by_id = {task.id: task for task in tasks}
    complete = [c for c in candidates if c.execution.status is Status.OK]
    effects = {(c.program.task_id, effect(c, by_id[c.program.task_id])) for c in complete}
    written = sum(hard_coded(c.program.source, [o for o in c.execution.outputs if o is not None]) for c in complete)
    return {"complete": len(complete), "unique": len(effects), "hard_coded": written}


def per_round(rounds: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """One row of numbers per round, from those that its groups stored: ``hard_coded`` … ``loss``, in ``metrics.json``.

    ``adapter_norm`` and ``loss`` are means over the groups that learned after the round's search; None where none did.
    """
    rows = []
    for round_ in sorted(rounds):
        groups = rounds[round_]
        learned = [group for group in groups if group.get("steps")]
        complete = sum(group["complete"] for group in groups)
        rows.append(
            {
                "round": round_,
                "hard_coded": sum(group["hard_coded"] for group in groups) / complete if complete else 0.0,
                "discoveries": sum(len(group["discovered"]) for group in groups),
                "stopped_tasks": sum(len(group["stopped"]) for group in groups),
                "rolled_back": sum(group["rolled_back"] is not None for group in groups),
                "adapter_norm": _mean([group["adapter_norm"] for group in learned]),
                "loss": _mean([group["losses"][-1] for group in learned]),
                "search_seconds": round(sum(group["search_seconds"] for group in groups), 3),
                "learn_seconds": round(sum(group.get("learn_seconds", 0.0) for group in groups), 3),
            }
        )
    return rows


def _share(counted: Validity, tasks: Validity) -> float:
    both = [counted[task_id] for task_id in tasks if task_id in counted]
    asked = sum(pair[1] for pair in both)
    return sum(pair[0] for pair in both) / asked if asked else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
