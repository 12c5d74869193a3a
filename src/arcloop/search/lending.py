"""What one run has sampled first → the beginning of another that would sample the same.

A draw's prompt, seed and temperature follow from its run's seed, its task and its number. So runs that differ only in what comes
after their first search begin alike, and what was sampled for one is put in place for the other as if its own search had
been interrupted there: it is taken up, counted and voted for like what it sampled itself.
"""

import contextlib
from dataclasses import replace

from arcloop.config import BudgetConfig, Config
from arcloop.errors import RunError
from arcloop.records import Candidate, Completion, FinishReason, Prompt, Task
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.lock import locked
from arcloop.runs.numbers import SearchNumbers
from arcloop.runs.rundir import RunDir
from arcloop.search.health import counts, lost

__all__ = ["lend"]

_LATER = (
    "group_size",
    "learn",
    "restart",
    "overlap",
    "refine",
    "search",
    "selection",
    "relabel",
    "training",
    "anchors",
    "health",
)
"""Settings that play no part in a first search, beside how many rounds there are, and of how many programs."""


def lend(source: RunDir, target: RunDir) -> int:
    """Put what ``source`` has sampled in its first search into groups that ``target`` has not begun; returns how many completions.

    0 where their first searches would not ask for the same, or need not, because tasks are given up early or a budget ends them;
    or where another process works on ``target``, as whoever goes on with it will be told. Completions at which a server failed
    are left out.

    Raises:
        RunError: a table of ``source`` is not what was written.
    """
    if not _begin_alike(source, target):
        return 0
    sources = {
        task.id: group
        for index, tasks in enumerate(source.groups())
        if (group := source.group(0, index)).searched and group.search_numbers().whole
        for task in tasks
    }
    found: dict[GroupDir, _Found] = {}
    lent = 0
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(target.path))
        except RunError:
            return 0
        for index, tasks in enumerate(target.groups()):
            group = target.group(0, index)
            if group.searched or any(task.id not in sources for task in tasks):
                continue
            for one in {sources[task.id] for task in tasks} - found.keys():
                found[one] = _Found(one)
            lent += _put(
                group, tasks, [found[one] for one in {sources[task.id]: None for task in tasks}], target.config()
            )
    return lent


def _begin_alike(source: RunDir, target: RunDir) -> bool:
    config = target.config()
    return (
        not config.stopping.perfect
        and config.budget == BudgetConfig()
        and _first(source.config()) == _first(config)
        and source.manifest().digests == target.manifest().digests
        and source.path.resolve() != target.path.resolve()
    )


def _first(config: Config) -> Config:
    """The configuration, with the defaults where a first search is the same either way."""
    plain = Config(tasks=config.tasks)
    return replace(config, rounds=1, programs=1, **{name: getattr(plain, name) for name in _LATER})


class _Found:
    """The tables of one search."""

    def __init__(self, group: GroupDir) -> None:
        self.numbers = group.search_numbers()
        self.prompts: dict[str, Prompt] = {prompt.id: prompt for prompt in group.prompts()}
        self.completions: list[Completion] = group.completions()
        self.candidates: dict[str, Candidate] = {c.program.completion_id: c for c in group.candidates()}


def _put(group: GroupDir, tasks: list[Task], found: list[_Found], config: Config) -> int:
    """Store what was found for these tasks, as far as the group's own search would have asked for it."""
    ids = {task.id for task in tasks}
    taken: list[Completion] = []
    prompts: dict[str, Prompt] = {}
    candidates: list[Candidate] = []
    seconds = 0.0
    for one in found:
        own = [
            completion
            for completion in one.completions
            if completion.task_id in ids
            and completion.finish_reason is not FinishReason.ERROR
            and int(completion.id.rpartition("/d")[2]) < config.programs
        ]
        taken += own
        prompts |= {completion.prompt_id: one.prompts[completion.prompt_id] for completion in own}
        candidates += [one.candidates[completion.id] for completion in own if completion.id in one.candidates]
        # What it took is counted again, so that what an arm costs does not depend on who came first.
        seconds += one.numbers.search_seconds * len(own) / max(1, one.numbers.completions)
    if not taken:
        return 0
    taken.sort(key=lambda completion: completion.id)
    candidates.sort(key=lambda candidate: candidate.program.completion_id)
    group.clear()
    files = group.write_search(
        list(prompts.values()),
        taken,
        [candidate.program for candidate in candidates],
        [candidate.execution for candidate in candidates],
        [candidate.score for candidate in candidates],
    )
    executions = {candidate.program.completion_id: candidate.execution for candidate in candidates}
    group.write_numbers(
        SearchNumbers(
            whole=False,
            tasks=len(tasks),
            skipped_prompts=(),
            completions=len(taken),
            failed_completions=0,
            tokens=sum(completion.tokens for completion in taken),
            programs=len(candidates),
            solved=tuple(sorted({c.program.task_id for c in candidates if c.score.perfect})),
            stopped=(),
            discovered=(),
            validity={},
            **counts(candidates, tasks),
            adapter=found[0].numbers.adapter,
            rolled_back=None,
            heat={},
            search_seconds=round(seconds, 3),
            lost=lost(taken, executions),
            files=files,
        )
    )
    return len(taken)
