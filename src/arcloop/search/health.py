"""Is the model still well? What a search's completions say of the adapter that wrote them. Pure.

Learning too fast does not make a model worse at once in every number: its programs stop to run, or
become all the same, or write answers down. These are the numbers that show it, and the rule by
which an adapter is dropped.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from arcloop.programs import has_code
from arcloop.records import Candidate, Completion, Execution, FinishReason, Lost, Status, Task
from arcloop.runs.numbers import GroupNumbers, RoundHealth, Validity
from arcloop.scoring import effect, hard_coded

__all__ = ["REASONS", "counts", "harmed", "lost", "per_round", "validity"]

_LOST = {Status.SYNTAX_ERROR: Lost.UNPARSED, Status.NO_ENTRY: Lost.NO_ENTRY, Status.REFUSED: Lost.REFUSED}


REASONS = {
    Lost.NO_CODE: "no code",
    Lost.NO_ENTRY: "no entry",
    Lost.UNPARSED: "does not parse",
    Lost.CUT: "cut at the limit",
    Lost.REFUSED: "too large",
    Lost.FAILED: "server failed",
}
"""What a table calls completions that gave no program that could be run."""


def validity(candidates: Sequence[Candidate], completions: Mapping[str, int], tasks: Sequence[Task]) -> Validity:
    """How many outputs are grids; ``completions``: task id → completions, with those that hold no program."""
    valid: Counter[str] = Counter()
    for candidate in candidates:
        valid[candidate.program.task_id] += sum(grid is not None for grid in candidate.execution.outputs)
    return {t.id: (valid[t.id], completions[t.id] * len(t.inputs)) for t in tasks if completions.get(t.id)}


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


def lost(completions: Iterable[Completion], executions: Mapping[str, Execution]) -> dict[str, int]:
    """Why completions gave no program that could be run; ``executions``: completion id → that of its program."""
    reasons: Counter[Lost] = Counter()
    for completion in completions:
        execution = executions.get(completion.id)
        if completion.finish_reason is FinishReason.ERROR:
            reasons[Lost.FAILED] += 1
        elif execution is None or execution.status in _LOST:
            unread = Lost.NO_ENTRY if has_code(completion.text) else Lost.NO_CODE
            reason = unread if execution is None else _LOST[execution.status]
            cut = completion.finish_reason is FinishReason.LENGTH and reason is not Lost.REFUSED
            reasons[Lost.CUT if cut else reason] += 1
    return {reason.value: reasons[reason] for reason in Lost if reasons[reason]}


def per_round(rounds: Mapping[int, Sequence[GroupNumbers]]) -> tuple[RoundHealth, ...]:
    """One row for each round, from the numbers of its groups, those of unfinished searches among them."""
    rows = []
    for round_ in sorted(rounds):
        searches = [group.search for group in rounds[round_]]
        learnings = [group.learning for group in rounds[round_] if group.learning]
        trained = [learning for learning in learnings if learning.steps]
        complete = sum(search.complete for search in searches)
        rows.append(
            RoundHealth(
                round=round_,
                hard_coded=sum(search.hard_coded for search in searches) / complete if complete else 0.0,
                discoveries=sum(len(search.discovered) for search in searches),
                stopped_tasks=sum(len(search.stopped) for search in searches),
                rolled_back=sum(search.rolled_back is not None for search in searches),
                adapter_norm=_mean([learning.adapter_norm for learning in trained]),
                loss=_mean([learning.losses[-1] for learning in trained]),
                search_seconds=round(sum(search.search_seconds for search in searches), 3),
                learn_seconds=round(sum(learning.learn_seconds for learning in learnings), 3),
                lost=dict(sum((Counter(search.lost) for search in searches), Counter[str]())),
            )
        )
    return tuple(rows)


def _share(counted: Validity, tasks: Validity) -> float:
    both = [counted[task_id] for task_id in tasks if task_id in counted]
    asked = sum(pair[1] for pair in both)
    return sum(pair[0] for pair in both) / asked if asked else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
