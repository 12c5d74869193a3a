"""A task's candidates → those that teach something, one per program and effect. Pure.

Filters drop what would teach nothing or harm, each under a name that is counted. Of completions
with the same program the best stays, then of programs with equal outputs the shortest: no policy
of ``selection`` ever sees one program, or one effect, twice.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np

from arcloop.augment import apply_task, original_outputs
from arcloop.config import RelabelConfig, SelectionConfig
from arcloop.records import Augmentation, Candidate, Grid, Status, Task
from arcloop.relabel import relabeled_task

__all__ = ["Drop", "effect", "hard_coded", "ranked", "rejected", "sift", "wording"]

_LONG_LINE = 200
_UNCHANGED = 0.3
_ALIKE = 0.95
_WRITTEN_DOWN = 9


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
    for candidate in sorted(programs.values(), key=_length):
        if effects.setdefault(effect(candidate, task), candidate) is not candidate:
            dropped[Drop.DUPLICATE] += 1
    return ranked(effects.values()), dropped


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Worst first, best last: by correct train grids, then by pixels, then the shorter program, then the earlier draw."""
    by_length = sorted(candidates, key=_length, reverse=True)
    return sorted(by_length, key=lambda c: (c.score.correct_share, c.score.pixels))


def effect(candidate: Candidate, task: Task) -> bytes:
    """16 bytes, equal for programs that give the same grids, whatever frame each was asked in."""
    outputs = original_outputs(candidate.augmentation, candidate.execution.outputs, len(task.train))
    content = b"".join(b"-" if grid is None else bytes(grid.shape) + grid.tobytes() for grid in outputs)
    return hashlib.sha256(content).digest()[:16]


def wording(text: str) -> str:
    """The lines of a text that say something, without their indent: not comments, not imports, which are everybody's."""
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith(("#", "import ", "from ")))


def hard_coded(source: str, outputs: Sequence[Grid]) -> bool:
    """Does the source hold an output's cells, or a line of over 200 characters?"""
    if any(len(line) > _LONG_LINE for line in source.splitlines()):
        return True
    digits = "".join(c for c in source if c.isdigit())
    # A grid of a few cells occurs in any source by chance; from 9 cells on it is written down.
    return any(grid.size >= _WRITTEN_DOWN and "".join(map(str, grid.ravel().tolist())) in digits for grid in outputs)


def _length(candidate: Candidate) -> tuple[int, str]:
    return len(candidate.program.source), candidate.program.completion_id


def _share_unchanged(pairs: Sequence[tuple[Grid, Grid]]) -> float:
    return sum(np.array_equal(given, got) for given, got in pairs) / len(pairs)


def _alike(grids: Sequence[Grid]) -> float:
    """The least share of cells that a grid has in common with the first; 0 if their shapes differ."""
    first = grids[0]
    if any(grid.shape != first.shape for grid in grids):
        return 0.0
    return min(float((grid == first).mean()) for grid in grids)
