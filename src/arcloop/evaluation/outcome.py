"""Run → submission, numbers and best programs, in one pass over what is done.

Works at any time: what is not searched yet counts as not sampled. One group is in memory at once.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

from arcloop.evaluation.metrics import TaskNumbers, curves, solved_interval, summarize, task_numbers
from arcloop.records import Answers, Attempt, Candidate, FinishReason
from arcloop.runs.rundir import RunDir
from arcloop.search.health import per_round
from arcloop.submission.kaggle import hits, submission_json, validate
from arcloop.submission.rescoring import Scorer, rescored
from arcloop.submission.voting import Ballot

__all__ = ["conclude"]


def conclude(
    run: RunDir, answers: Answers, on_group: Callable[[], None] = lambda: None, scorer: Scorer | None = None
) -> dict[str, Any]:
    """Write ``submission.json`` and ``metrics.json`` into the run, and return the latter's content.

    ``answers`` are looked at for the numbers only; a task for which they are not known, or do not
    fit its test inputs, has none. ``on_group`` is called after each group of tasks. With a ``scorer``,
    programs that tie for an attempt are rescored.

    Raises:
        RunError: a table of the run cannot be read.
    """
    tasks, config = run.tasks(), run.config()
    known = {t.id: answers[t.id] for t in tasks if len(answers.get(t.id, ())) == len(t.test_inputs)}
    rounds: dict[int, list[TaskNumbers]] = {}
    in_all: list[TaskNumbers] = []
    health: dict[int, list[dict[str, Any]]] = {}
    attempts: list[Attempt] = []
    best: dict[str, dict[str, Any] | None] = {}
    evidence: dict[str, dict[str, float]] = {}
    done, seconds = 0, 0.0
    for index, group_tasks in enumerate(run.groups()):
        totals = {t.id: task_numbers(t, (), [], known.get(t.id)) for t in group_tasks}
        candidates: dict[str, list[Candidate]] = {t.id: [] for t in group_tasks}
        for round_, group in run.searched_groups(index):
            stored = group.metrics() if group.done else group.numbers()
            if "validity" in stored:  # not in a run whose programs were put there by other means than a search
                health.setdefault(round_, []).append(stored)
            sampled: dict[str, list[str]] = {task.id: [] for task in group_tasks}
            tokens = Counter[str]()
            for completion in group.completions():
                if completion.finish_reason is not FinishReason.ERROR:  # where the server failed, nothing was sampled
                    sampled[completion.task_id].append(completion.id)
                tokens[completion.task_id] += completion.tokens
            done += group.done
            seconds += _seconds(stored)
            found = group.candidates()
            for task in group_tasks:
                own = [c for c in found if c.program.task_id == task.id]
                numbers = task_numbers(task, sampled[task.id], own, known.get(task.id), tokens[task.id])
                rounds.setdefault(round_, []).append(numbers)
                totals[task.id] += numbers
                candidates[task.id] += own
        for task in group_tasks:
            ballot = Ballot(task)
            ballot.add(candidates[task.id])
            evidence[task.id] = rescored(ballot, task, scorer, config.voting, config.seed) if scorer else {}
            attempts += ballot.attempts(evidence[task.id])
            best[task.id] = _best(candidates[task.id])
        in_all += totals.values()
        on_group()
    text = submission_json(attempts)
    run.write("submission.json", text)
    hit = hits(validate(run.read("submission.json"), tasks), known)
    by_round = [rounds[round_] for round_ in sorted(rounds)]
    content = {
        "groups_done": done,
        "seconds": round(seconds, 3),
        "rounds": [dataclasses.asdict(summarize(numbers)) for numbers in by_round],
        "health": per_round(health),
        "run": dataclasses.asdict(summarize(in_all, hit)),
        "solved_at_2_interval": solved_interval(hit) if hit else None,
        "curves": {
            "rounds": [dataclasses.asdict(curves(numbers)) for numbers in by_round],
            "run": dataclasses.asdict(curves(in_all)),
        },
        "tasks": {
            n.task_id: _task(n, hit.get(n.task_id), best[n.task_id])
            | {"votes": [list(a.votes) for a in attempts if a.task_id == n.task_id], "rescored": evidence[n.task_id]}
            for n in in_all
        },
    }
    run.write_json("metrics.json", content)
    return content


def _task(numbers: TaskNumbers, hit: list[bool] | None, best: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "programs": numbers.completions,
        "tokens": numbers.tokens,
        "grids": numbers.grids,
        "valid_grids": numbers.valid_grids,
        "complete": numbers.complete,
        "unique": len(numbers.effects),
        "train_perfect": numbers.train_perfect,
        "perfect": numbers.perfect,
        "first_train_perfect": numbers.first_train_perfect,
        "first_perfect": numbers.first_perfect,
        "hits": hit,
        "best": best,
    }


def _seconds(metrics: dict[str, Any]) -> float:
    # The last round of a run learns nothing; what was learned beside a search took no time of its own.
    learning = float(metrics.get("learn_seconds", 0.0)) - float(metrics.get("overlap_seconds", 0.0))
    return float(metrics["search_seconds"]) + learning


def _best(candidates: list[Candidate]) -> dict[str, Any] | None:
    """The program with the best score, of equals the shortest, with the frame that it was written in."""
    if not candidates:
        return None
    first = max(candidates, key=lambda c: (c.score.correct_share, c.score.pixels, -len(c.program.source)))
    return {
        "completion_id": first.program.completion_id,
        "source": first.program.source,
        "correct": list(first.score.correct),
        "pixels": first.score.pixels,
        "dihedral": first.augmentation.dihedral,
        "colors": list(first.augmentation.colors),
    }
