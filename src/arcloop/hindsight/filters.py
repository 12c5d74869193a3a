"""A task's candidates → those that teach something, one per program and effect. Pure.

Filters drop what would teach nothing or harm, each under a name that is counted. Of completions
with the same program the best stays, then of programs with equal outputs the shortest: no policy
of ``selection`` ever sees one program, or one effect, twice.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from arcloop.config import RelabelConfig, SelectionConfig
from arcloop.hindsight.relabel import relabeled_task
from arcloop.records import Augmentation, Candidate, Grid, Status, Task
from arcloop.scoring import effect, hard_coded, length, ranked
from arcloop.tasks.augment import apply_task

__all__ = ["Drop", "rejected", "sift", "wording"]

_UNCHANGED = 0.3
_ALIKE = 0.95


class Drop(StrEnum):
    """Why a program is not learned from."""

    SOLVED = "solved"
    """Its task has a program that is right on all train pairs; with ``selection.solved_tasks`` off."""
    FAILED = "failed"
    """Some output is not a grid; with ``relabel.pairs`` ``valid``: too few outputs are."""
    NONDETERMINISTIC = "nondeterministic"
    """Run again, in another process with another hash seed and order of the inputs, it gave other grids."""
    TOO_LONG = "too_long"
    """The source has more than ``selection.max_characters`` characters."""
    UNCHANGED = "unchanged"
    """Its pairs are the task's own: nothing was relabeled; with ``selection.unchanged`` off."""
    COPIED = "copied"
    """The prompt itself holds the program's text."""
    IDENTITY = "identity"
    """More outputs equal their inputs than in the true task, and more than 30 %."""
    CONSTANT = "constant"
    """All outputs are one grid although the inputs differ."""
    NEAR_CONSTANT = "near_constant"
    """The outputs have one shape and share over 95 % of their cells: more than the inputs, and the true outputs, do."""
    HARD_CODED = "hard_coded"
    """The source holds an output's cells, or a line of over 200 characters."""
    REPEATED = "repeated"
    """The same program, from another completion, scores as well or better."""
    DUPLICATE = "duplicate"
    """Another program, shorter or first, gives the same outputs."""


def rejected(
    candidate: Candidate, asked: Task, selection: SelectionConfig, relabel: RelabelConfig, words: str = ""
) -> Drop | None:
    """The first filter that drops the program, or None if it may be learned from.

    ``asked`` is the task in the candidate's frame; ``words`` the ``wording`` of its prompt, in which
    a program may have been found. Empty: it was not.
    """
    source, outputs = candidate.program.source, candidate.execution.outputs
    if candidate.execution.status is Status.NONDETERMINISTIC:
        return Drop.NONDETERMINISTIC
    if relabeled_task(candidate, asked, relabel) is None:
        return Drop.FAILED
    if selection.max_characters is not None and len(source) > selection.max_characters:
        return Drop.TOO_LONG
    true = [(pair.input, pair.output) for pair in asked.train]
    if not selection.unchanged and all(
        o is None or np.array_equal(o, t) for o, (_, t) in zip(outputs, true, strict=False)
    ):
        return Drop.UNCHANGED
    if words and wording(source) in words:
        return Drop.COPIED
    given = [(i, o) for i, o in zip(asked.inputs, outputs, strict=True) if o is not None]
    if _share_unchanged(given) > max(_UNCHANGED, _share_unchanged(true)):
        return Drop.IDENTITY
    alike = _alike([o for _, o in given])
    if alike > _ALIKE and alike > _alike([i for i, _ in given]):
        if alike == 1:
            return Drop.CONSTANT
        if alike > _alike([t for _, t in true]):
            return Drop.NEAR_CONSTANT
    if hard_coded(source, [o for _, o in given]):
        return Drop.HARD_CODED
    return None


def sift(
    candidates: Sequence[Candidate], task: Task, selection: SelectionConfig, relabel: RelabelConfig, words: str = ""
) -> tuple[list[Candidate], Counter[Drop]]:
    """The task's programs that may be learned from, worst first and best last, and how many each filter dropped.

    Does not depend on the order of the candidates. ``words`` as in ``rejected``.
    """
    if not selection.solved_tasks and any(c.score.perfect for c in candidates):
        return [], Counter({Drop.SOLVED: len(candidates)})
    dropped: Counter[Drop] = Counter()
    asked: dict[Augmentation, Task] = {}
    programs: dict[str, Candidate] = {}
    for candidate in ranked(candidates):
        frame = candidate.augmentation
        if frame not in asked:
            asked[frame] = apply_task(frame, task)
        reason = rejected(candidate, asked[frame], selection, relabel, words)
        if reason is None and candidate.program.id in programs:
            reason = Drop.REPEATED
        if reason is not None:
            dropped[reason] += 1
        if reason in (None, Drop.REPEATED):
            programs[candidate.program.id] = candidate  # what comes later ranks higher
    effects: dict[bytes, Candidate] = {}
    for candidate in sorted(programs.values(), key=length):
        if effects.setdefault(effect(candidate, task), candidate) is not candidate:
            dropped[Drop.DUPLICATE] += 1
    return ranked(effects.values()), dropped


def wording(text: str) -> str:
    """The lines of a text that say something, without their indent: not comments, not imports, which are everybody's."""
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith(("#", "import ", "from ")))


def _share_unchanged(pairs: Sequence[tuple[Grid, Grid]]) -> float:
    return sum(np.array_equal(given, got) for given, got in pairs) / len(pairs)


def _alike(grids: Sequence[Grid]) -> float:
    """The least share of cells that a grid has in common with the first; 0 if their shapes differ."""
    first = grids[0]
    if any(grid.shape != first.shape for grid in grids):
        return 0.0
    return min(float((grid == first).mean()) for grid in grids)
