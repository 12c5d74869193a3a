"""What one round did for one group of tasks: the folder of its tables, numbers and adapter.

``rundir`` says which files there are. A folder without DONE was interrupted.
"""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcloop.errors import RunError
from arcloop.files import write_bytes
from arcloop.records import Candidate, Completion, Example, Execution, FinishReason, Program, Prompt, Score
from arcloop.runs.numbers import GroupNumbers, SearchNumbers
from arcloop.runs.schema import read_numbers, stored
from arcloop.runs.seals import Seals, seals_of, unsealed
from arcloop.runs.tables import ANCHORS, COMPLETIONS, EXAMPLES, EXECUTIONS, PROGRAMS, PROMPTS, SCORES

__all__ = ["GroupDir", "as_json", "write_json"]


_REMEDY = "delete its folder, which is done again, and resume"


@dataclass(frozen=True)
class GroupDir:
    """What one round did for one group of tasks."""

    path: Path
    owners: frozenset[str] | None = None
    """What the ids of its prompts begin with, the round and a task; None = anything."""

    @property
    def done(self) -> bool:
        """Is everything here that this round does for the group?"""
        return (self.path / "DONE").is_file()

    @property
    def searched(self) -> bool:
        """Are the records of a search here, be it a whole one or part of one?"""
        return self.done or (self.path / "search.json").is_file()

    @property
    def adapter(self) -> Path:
        """Folder of the adapter that was trained after this round's search."""
        return self.path / "adapter"

    def clear(self) -> None:
        """Remove what an interrupted round left."""
        if self.path.exists():
            shutil.rmtree(self.path)
        # No more than these two: a run that was deleted meanwhile must not come back in parts.
        self.path.parent.mkdir(exist_ok=True)
        self.path.mkdir()

    def write_search(
        self,
        prompts: Sequence[Prompt],
        completions: Sequence[Completion],
        programs: Sequence[Program],
        executions: Sequence[Execution],
        scores: Sequence[Score],
    ) -> Seals:
        """Store a search's records, and return the seals; ``write_numbers`` then says that they belong together."""
        (self.path / "search.json").unlink(missing_ok=True)
        return {
            **PROMPTS.write(self.path, prompts),
            **COMPLETIONS.write(self.path, completions),
            **PROGRAMS.write(self.path, programs),
            **EXECUTIONS.write(self.path, executions),
            **SCORES.write(self.path, scores),
        }

    def write_numbers(self, numbers: SearchNumbers) -> None:
        """Store the search's numbers."""
        write_json(self.path / "search.json", stored(numbers))

    def search_numbers(self) -> SearchNumbers:
        """What ``write_numbers`` stored, or, of a group that is done, the same from its numbers."""
        if self.done:
            return self.numbers().search
        return read_numbers(SearchNumbers, self.path / "search.json")

    def write_examples(self, examples: Sequence[Example], anchors: Sequence[Example] = ()) -> Seals:
        """Store what was learned from, examples of the search and rows that were mixed in, and return the seals."""
        return EXAMPLES.write(self.path, examples) | (ANCHORS.write(self.path, anchors) if anchors else {})

    def adapter_seals(self) -> Seals:
        """The seals of the adapter that was just trained."""
        return seals_of(self.path, (path for path in self.adapter.rglob("*") if path.is_file()))

    def seals(self) -> Seals:
        """Of all files that its numbers vouch for; empty for runs of earlier versions."""
        if not self.done:
            return self.search_numbers().files if self.searched else {}
        numbers = self.numbers()
        return numbers.search.files | (numbers.learning.files if numbers.learning else {})

    def check(self) -> int:
        """Make sure that all files are what was written; returns how many there are.

        Raises:
            RunError: one is not.
        """
        seals = self.seals()
        for name, seal in seals.items():
            unsealed(self.path / name, seal, _REMEDY)
        # Of a group that is done, those of its search are in two files.
        search = self.path / "search.json"
        if search.exists():
            read_numbers(SearchNumbers, search)
        return len(seals) + self.done + search.exists()

    def check_adapter(self) -> None:
        """Make sure that the adapter is what was trained; another one could be loaded without a word.

        Raises:
            RunError: it is not.
        """
        for name, seal in self.seals().items():
            if self.adapter in (self.path / name).parents:
                unsealed(self.path / name, seal, _REMEDY)

    def clear_adapter(self) -> None:
        """Remove what an interrupted learning left."""
        if self.adapter.exists():
            shutil.rmtree(self.adapter)

    def finish(self, numbers: GroupNumbers) -> None:
        """Store the numbers, then mark the group as done."""
        write_json(self.path / "metrics.json", stored(numbers))
        write_bytes(self.path / "DONE", b"")

    def numbers(self) -> GroupNumbers:
        """What ``finish`` stored."""
        return read_numbers(GroupNumbers, self.path / "metrics.json")

    def completions(self) -> list[Completion]:
        """The stored completions."""
        return COMPLETIONS.read(self.path, self.seals())

    def completions_per_task(self) -> Counter[str]:
        """Task id → how many completions were sampled for it, those left out at which the server failed."""
        return Counter(c.task_id for c in self.completions() if c.finish_reason is not FinishReason.ERROR)

    def prompts(self) -> list[Prompt]:
        """The stored prompts."""
        return self._prompts(self.seals())

    def examples(self) -> list[Example]:
        """The examples that were learned from."""
        return EXAMPLES.read(self.path, self.seals())

    def candidates(self) -> list[Candidate]:
        """Every program with its frame, execution and score, in the order of the draws.

        Raises:
            RunError: a table is not what was written, or they do not belong together.
        """
        seals = self.seals()
        prompts = {prompt.id: prompt for prompt in self._prompts(seals)}
        executions = {execution.id: execution for execution in EXECUTIONS.read(self.path, seals)}
        scores = {score.completion_id: score for score in SCORES.read(self.path, seals)}
        try:
            prompt_of = {c.id: prompts[c.prompt_id] for c in COMPLETIONS.read(self.path, seals)}
            return [
                Candidate(
                    p, prompt.augmentation, executions[p.completion_id], scores[p.completion_id], parent=prompt.parent
                )
                for p in PROGRAMS.read(self.path, seals)
                for prompt in [prompt_of[p.completion_id]]
            ]
        except KeyError as unknown:
            raise RunError(
                f"{self.path}: nothing is known of {unknown}, which a table names; expected tables of one search — {_REMEDY}"
            ) from None

    def _prompts(self, seals: Seals) -> list[Prompt]:
        prompts = PROMPTS.read(self.path, seals)
        if self.owners is not None:
            foreign = next((p.id for p in prompts if p.id.rpartition("/")[0] not in self.owners), None)
            if foreign is not None:
                raise RunError(
                    f"{self.path / PROMPTS.file}: prompt {foreign} is of another round or group; expected its own — {_REMEDY}"
                )
        return prompts


def write_json(path: Path, content: Any) -> None:
    """Put JSON at ``path``, whole or not at all."""
    write_bytes(path, as_json(content))


def as_json(content: Any) -> bytes:
    """JSON as a run's files have it."""
    return (json.dumps(content, indent=1) + "\n").encode()
