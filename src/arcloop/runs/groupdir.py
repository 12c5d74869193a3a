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

from arcloop.files import write_bytes
from arcloop.records import Candidate, Completion, Example, Execution, FinishReason, Program, Prompt, Score
from arcloop.runs.numbers import GroupNumbers, SearchNumbers
from arcloop.runs.schema import read_numbers, stored
from arcloop.runs.tables import ANCHORS, COMPLETIONS, EXAMPLES, EXECUTIONS, PROGRAMS, PROMPTS, SCORES

__all__ = ["GroupDir", "write_json"]


@dataclass(frozen=True)
class GroupDir:
    """What one round did for one group of tasks."""

    path: Path

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
        self.path.mkdir(parents=True)

    def write_search(
        self,
        prompts: Sequence[Prompt],
        completions: Sequence[Completion],
        programs: Sequence[Program],
        executions: Sequence[Execution],
        scores: Sequence[Score],
    ) -> None:
        """Store a search's records; ``write_numbers`` then says that they belong together."""
        (self.path / "search.json").unlink(missing_ok=True)
        PROMPTS.write(self.path, prompts)
        COMPLETIONS.write(self.path, completions)
        PROGRAMS.write(self.path, programs)
        EXECUTIONS.write(self.path, executions)
        SCORES.write(self.path, scores)

    def write_numbers(self, numbers: SearchNumbers) -> None:
        """Store the search's numbers."""
        write_json(self.path / "search.json", stored(numbers))

    def search_numbers(self) -> SearchNumbers:
        """What ``write_numbers`` stored, or, of a group that is done, the same from its numbers."""
        if self.done:
            return self.numbers().search
        return read_numbers(SearchNumbers, self.path / "search.json")

    def write_examples(self, examples: Sequence[Example], anchors: Sequence[Example] = ()) -> None:
        """Store what was learned from: examples of the search, and rows that were mixed in."""
        EXAMPLES.write(self.path, examples)
        if anchors:
            ANCHORS.write(self.path, anchors)

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
        return COMPLETIONS.read(self.path)

    def completions_per_task(self) -> Counter[str]:
        """Task id → how many completions were sampled for it, those left out at which the server failed."""
        return Counter(c.task_id for c in self.completions() if c.finish_reason is not FinishReason.ERROR)

    def prompts(self) -> list[Prompt]:
        """The stored prompts."""
        return PROMPTS.read(self.path)

    def examples(self) -> list[Example]:
        """The examples that were learned from."""
        return EXAMPLES.read(self.path)

    def candidates(self) -> list[Candidate]:
        """Every program with its frame, execution and score, in the order of the draws."""
        prompts = {prompt.id: prompt for prompt in self.prompts()}
        prompt_of = {completion.id: prompts[completion.prompt_id] for completion in self.completions()}
        executions = {execution.id: execution for execution in EXECUTIONS.read(self.path)}
        scores = {score.completion_id: score for score in SCORES.read(self.path)}
        return [
            Candidate(
                p, prompt.augmentation, executions[p.completion_id], scores[p.completion_id], parent=prompt.parent
            )
            for p in PROGRAMS.read(self.path)
            for prompt in [prompt_of[p.completion_id]]
        ]


def write_json(path: Path, content: Any) -> None:
    """Put JSON at ``path``, whole or not at all."""
    write_bytes(path, (json.dumps(content, indent=1) + "\n").encode())
