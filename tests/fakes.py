"""Stand-ins for the three ports of the loop, so that the whole of it runs in a second."""

import dataclasses
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, Example, Execution, FinishReason, Grid, Job, Status
from arcloop.runs.numbers import GroupNumbers, Manifest, SearchNumbers
from arcloop.sampling import Request, UnderWay, untold
from arcloop.training import Fit, Fitting

MANIFEST = Manifest({}, "", "")
"""Of a run that depends on no files."""

NOTHING = GroupNumbers(
    SearchNumbers(
        True, 0, (), 0, 0, 0, 0, (), (), (), {}, 0, 0, 0, adapter=None, rolled_back=None, heat={}, search_seconds=0
    ),
    learning=None,
)
"""Of a group whose programs were put there by other means than a search."""

PROGRAMS = {
    "copy": lambda grid: grid,
    "mirror": lambda grid: np.flip(grid, 1),
    "tumble": lambda grid: np.flip(grid, 0),
    "turn": lambda grid: np.rot90(grid, 2),
    "shift": lambda grid: np.roll(grid, 1, 1),
    "fail": lambda grid: None,
}
"""What the fake model can write, and what the fake sandbox makes of it."""


class FakeSampler:
    """Draws a program's name by the draw's seed; after training it prefers what it was trained on."""

    def __init__(self) -> None:
        self.format = PromptFormat("compact", lambda messages: messages[-1].content + "\n")
        self.adapters: list[Path | None] = []
        self._learned: list[str] = []

    def length(self, text: str) -> int:
        return len(text.split())

    def use_adapter(self, folder: Path | None) -> None:
        self.adapters.append(folder)
        self._learned = (folder / "learned").read_text().split() if folder else []

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        for request in reversed(requests):
            for draw in request.draws:
                rng = random.Random(draw.seed)
                name = rng.choice([*PROGRAMS, *self._learned, "no program"])
                text = f"def transform(grid):\n    return {name}(grid)" if name in PROGRAMS else name
                prompt = request.prompt
                yield Completion(draw.completion_id, prompt.id, prompt.task_id, text, 3, FinishReason.STOP, -1.0)


class FakeExecutor:
    """Looks the program's name up in its source."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.unsteady: set[str] = set()

    def execute(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        yield from reversed([self._run(job) for job in jobs])

    def confirm(self, pairs: Iterable[tuple[Job, Execution]], reseed: bool = False) -> Iterator[Execution]:
        for job, execution in pairs:
            self.confirmed.append(job.id)
            if job.source.split("return ")[1].split("(")[0] in self.unsteady:
                outputs = (None,) * len(execution.outputs)
                yield dataclasses.replace(execution, status=Status.NONDETERMINISTIC, outputs=outputs)
            else:
                yield execution

    def _run(self, job: Job) -> Execution:
        name = job.source.split("return ")[1].split("(")[0]
        outputs: list[Grid | None] = [PROGRAMS[name](grid) for grid in job.inputs]  # type: ignore[no-untyped-call]
        status = Status.ERROR if name == "fail" else Status.OK
        return Execution(job.id, status, tuple(outputs), "", 0.001, 0.001)


class FakeTrainer:
    """Remembers what it was trained on, in a file where an adapter would be."""

    def __init__(self) -> None:
        self.fits: list[list[Example]] = []
        self.starts: list[Path | None] = []

    def fit(self, asked: Fitting) -> Fit:
        self.fits.append(list(asked.examples))
        self.starts.append(asked.start)
        asked.out.mkdir()
        names = [example.completion.split("return ")[1].split("(")[0] for example in asked.examples]
        (asked.out / "learned").write_text(" ".join(names))
        asked.on_step(1, 1, 0.5)
        return Fit(len(asked.examples), 0, 1, (0.5,), 1.0, 1.0)
