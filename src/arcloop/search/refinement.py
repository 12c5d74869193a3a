"""A task's earlier programs → those that prompts show to have them bettered. Pure.

A parent is shown in the frame that it was written in, with what it gave there on the train inputs.
What it gave on test inputs is never shown.
"""

import re
from collections.abc import Iterable, Sequence

from arcloop.config import RefineConfig
from arcloop.records import Candidate, Grid, Parent, Status, Task
from arcloop.scoring import effect, ranked

__all__ = ["as_parent", "parent_for", "parents"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_PLACE = re.compile(r"^input \d+: ")


def parents(candidates: Iterable[Candidate], task: Task) -> list[Candidate]:
    """Those of the candidates of ``task`` that a prompt may show, best first, as ``scoring.ranked`` has it.

    Not those that are right on all train pairs, nor those known to be random; of one program, and of programs with
    equal outputs, only the best. Does not depend on the order of the candidates.
    """
    kept: dict[bytes, Candidate] = {}
    seen: set[str] = set()
    for candidate in reversed(ranked(c for c in candidates if c.program.task_id == task.id)):
        open_ = not candidate.score.perfect and candidate.execution.status is not Status.NONDETERMINISTIC
        if open_ and candidate.program.id not in seen:
            seen.add(candidate.program.id)
            kept.setdefault(effect(candidate, task), candidate)
    return list(kept.values())


def parent_for(number: int, pool: Sequence[Candidate], config: RefineConfig) -> Candidate | None:
    """The one of ``pool`` that prompt ``number`` of a task and round shows; None if it shows none.

    Of the first n prompts n · share show one, rounded; the first of these the best, the next the second best, and so
    on, from the beginning again after the last.
    """
    before, after = (int(count * config.share + 0.5) for count in (number, number + 1))
    return pool[before % len(pool)] if after > before and pool else None


def as_parent(candidate: Candidate, task: Task) -> Parent:
    """The program as a prompt in its frame shows it."""
    outputs, execution = candidate.execution.outputs, candidate.execution
    # Neither an address, which differs from process to process, nor the input's number, whose place it is in.
    error = _ADDRESS.sub("0x", _PLACE.sub("", " ".join(execution.error.split()))) or execution.status.value
    first = next((i for i, output in enumerate(outputs) if output is None), None)

    def gave(index: int) -> Grid | str:
        output = outputs[index]
        if output is not None:
            return output
        # The error is that of the first failure; of further ones no more is known.
        return error if index == first else "failed too"

    program = candidate.program
    return Parent(program.id, program.source, tuple(gave(i) for i in range(len(task.train))))
