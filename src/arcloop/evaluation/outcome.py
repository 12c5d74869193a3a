"""Run → submission, numbers and best programs, in one pass over what is done.

Works at any time: what is not searched yet counts as not sampled. One group is in memory at once.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from arcloop.evaluation.metrics import TaskNumbers, curves, solved_interval, summarize, task_numbers
from arcloop.records import Answers, Attempt, Candidate, FinishReason, Task
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.numbers import BestProgram, GroupNumbers, RunCurves, RunNumbers, TaskOutcome
from arcloop.runs.rundir import RunDir
from arcloop.runs.seals import seals_of
from arcloop.search.health import per_round
from arcloop.submission.kaggle import hits, submission_json, validate
from arcloop.submission.voting import Ballot

__all__ = ["conclude", "judged", "known_answers"]


def conclude(run: RunDir, answers: Answers, on_group: Callable[[], None] = lambda: None) -> RunNumbers:
    """Write ``submission.json`` and ``metrics.json`` into the run, and return the latter's content.

    The arguments are those of ``judged``.

    Raises:
        RunError: a table of the run cannot be read.
    """
    numbers, submission = judged(run, answers, on_group)
    outcome = replace(numbers, files=seals_of(run.path, [run.write("submission.json", submission)]))
    run.write_numbers(outcome)
    return outcome


def known_answers(tasks: Sequence[Task], answers: Answers) -> Answers:
    """The answers of those of the tasks that have one for each test input."""
    return {t.id: answers[t.id] for t in tasks if len(answers.get(t.id, ())) == len(t.test_inputs)}


def judged(run: RunDir, answers: Answers, on_group: Callable[[], None] = lambda: None) -> tuple[RunNumbers, str]:
    """The numbers of what is done, and the submission of the best so far; nothing is written.

    ``answers`` are looked at for the numbers only; a task for which they are not known, or do not
    fit its test inputs, has none. ``on_group`` is called after each group of tasks.

    Raises:
        RunError: a table of the run cannot be read.
    """
    tasks = run.tasks()
    known = known_answers(tasks, answers)
    rounds: dict[int, list[TaskNumbers]] = {}
    in_all: list[TaskNumbers] = []
    health: dict[int, list[GroupNumbers]] = {}
    attempts: list[Attempt] = []
    best: dict[str, BestProgram | None] = {}
    done, seconds = 0, 0.0
    for index, group_tasks in enumerate(run.groups()):
        totals = {t.id: task_numbers(t, (), [], known.get(t.id)) for t in group_tasks}
        candidates: dict[str, list[Candidate]] = {t.id: [] for t in group_tasks}
        for round_, group in run.searched_groups(index):
            stored = group.numbers() if group.done else GroupNumbers(group.search_numbers(), None)
            health.setdefault(round_, []).append(stored)
            done += group.done
            seconds += stored.seconds
            sampled, tokens = _sampled(group)
            found = group.candidates()
            for task in group_tasks:
                own = [c for c in found if c.program.task_id == task.id]
                numbers = task_numbers(task, sampled.get(task.id, ()), own, known.get(task.id), tokens[task.id])
                rounds.setdefault(round_, []).append(numbers)
                totals[task.id] += numbers
                candidates[task.id] += own
        for task in group_tasks:
            ballot = Ballot(task)
            ballot.add(candidates[task.id])
            attempts += ballot.attempts()
            best[task.id] = _best(candidates[task.id])
        in_all += totals.values()
        on_group()
    submission = submission_json(attempts, run.unasked())
    hit = hits(validate(json.loads(submission), tasks), known)
    by_round = [rounds[round_] for round_ in sorted(rounds)]
    numbers_of_run = RunNumbers(
        groups_done=done,
        seconds=round(seconds, 3),
        rounds=tuple(summarize(numbers) for numbers in by_round),
        health=per_round(health),
        run=summarize(in_all, hit),
        solved_at_2_interval=solved_interval(hit) if hit else None,
        curves=RunCurves(tuple(curves(numbers) for numbers in by_round), curves(in_all)),
        tasks={
            n.task_id: _task(n, hit.get(n.task_id), best[n.task_id], [a for a in attempts if a.task_id == n.task_id])
            for n in in_all
        },
    )
    return numbers_of_run, submission


def _sampled(group: GroupDir) -> tuple[dict[str, list[str]], Counter[str]]:
    """Task id → ids of its completions, those left out at which the server failed; task id → tokens of all."""
    sampled: dict[str, list[str]] = {}
    tokens = Counter[str]()
    for completion in group.completions():
        if completion.finish_reason is not FinishReason.ERROR:
            sampled.setdefault(completion.task_id, []).append(completion.id)
        tokens[completion.task_id] += completion.tokens
    return sampled, tokens


def _task(
    numbers: TaskNumbers, hit: list[bool] | None, best: BestProgram | None, attempts: Sequence[Attempt]
) -> TaskOutcome:
    return TaskOutcome(
        programs=numbers.completions,
        tokens=numbers.tokens,
        grids=numbers.grids,
        valid_grids=numbers.valid_grids,
        complete=numbers.complete,
        unique=len(numbers.effects),
        train_perfect=numbers.train_perfect,
        perfect=numbers.perfect,
        first_train_perfect=numbers.first_train_perfect,
        first_perfect=numbers.first_perfect,
        hits=None if hit is None else tuple(hit),
        best=best,
        votes=tuple(attempt.votes for attempt in attempts),
    )


def _best(candidates: list[Candidate]) -> BestProgram | None:
    """The program with the best score, of equals the shortest, with the frame that it was written in."""
    if not candidates:
        return None
    first = max(candidates, key=lambda c: (c.score.correct_share, c.score.pixels, -len(c.program.source)))
    return BestProgram(
        completion_id=first.program.completion_id,
        source=first.program.source,
        correct=first.score.correct,
        pixels=first.score.pixels,
        dihedral=first.augmentation.dihedral,
        colors=first.augmentation.colors,
    )
