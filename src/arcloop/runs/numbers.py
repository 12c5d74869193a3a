"""What a search, a learning and a run came to, in numbers: the records behind a run's JSON files.

    search.json                    SearchNumbers   one group's search of one round
    round_…/group_…/metrics.json   GroupNumbers    the same with the learning after it
    metrics.json                   RunNumbers      the whole run, rebuilt from its tables
    manifest.json                  Manifest        what the run's outcome depends on

``schema`` turns them into files and back.
"""

import dataclasses
from dataclasses import dataclass, field

from arcloop.runs.seals import Seals

__all__ = [
    "BestProgram",
    "Curve",
    "Curves",
    "GroupNumbers",
    "LearningNumbers",
    "Manifest",
    "Numbers",
    "RoundHealth",
    "RunCurves",
    "RunNumbers",
    "SearchNumbers",
    "TaskOutcome",
    "Validity",
]

Validity = dict[str, tuple[int, int]]
"""Task id → valid output grids, and output grids asked for."""


@dataclass(frozen=True)
class SearchNumbers:
    """One group's search of one round."""

    whole: bool
    """Did it come to its end? Otherwise it was stopped, and is taken up again."""
    tasks: int
    """Tasks of the group."""
    skipped_prompts: tuple[str, ...]
    """Ids of prompts that do not fit the model."""
    completions: int
    """Completions drawn, failed ones among them."""
    failed_completions: int
    """Those at which a server failed."""
    tokens: int
    """Sampled tokens."""
    programs: int
    """Completions that hold a program."""
    solved: tuple[str, ...]
    """Ids of tasks with a program of this search that is right on all train pairs."""
    stopped: tuple[str, ...]
    """Ids of tasks that are sampled no more."""
    discovered: tuple[str, ...]
    """Ids of tasks whose best share of right train grids rose over all that was known before."""
    validity: Validity
    """Valid outputs of what the adapter in use wrote, for prompts without a parent."""
    complete: int
    """Programs that gave all grids."""
    unique: int
    """Different outputs of these, counted by task."""
    hard_coded: int
    """Of the complete ones, programs that hold an output's cells."""
    adapter: str | None
    """Folder of the adapter that the search ended with, relative to the run's, or that the run was given; None = the base."""
    rolled_back: str | None
    """Folder of the adapter that was dropped on the way."""
    heat: dict[str, float]
    """Task id → what its temperatures were multiplied by, where that is more than 1."""
    search_seconds: float
    """Wall time, over interruptions."""
    lost: dict[str, int] = field(default_factory=dict)
    """``records.Lost`` → completions that gave no program that could be run, for that reason."""
    files: Seals = field(default_factory=dict)
    """The tables of its records, relative to the group's folder."""


@dataclass(frozen=True)
class LearningNumbers:
    """One group's learning after a search."""

    examples: int
    """Rows of programs in hindsight."""
    anchors: int
    """Rows that were mixed in."""
    dropped: dict[str, int]
    """Name of a filter → programs that it dropped."""
    trained_rows: int
    """Rows that were trained on."""
    too_long_rows: int
    """Rows that were dropped because they are too long."""
    steps: int
    """Optimizer steps; 0 where nothing was left to learn from."""
    losses: tuple[float, ...]
    """Mean loss of each step, in nats per completion token."""
    adapter_change: float
    """Norm of the difference between the adapter and what it began as."""
    adapter_norm: float
    """Norm of the adapter's own weights."""
    curate_seconds: float
    """Wall time of choosing, running again and relabeling."""
    learn_seconds: float
    """Wall time in all."""
    overlap_seconds: float
    """Of that, time beside the search of another group."""
    files: Seals = field(default_factory=dict)
    """Tables of the rows, and the adapter, relative to the group's folder."""


@dataclass(frozen=True)
class GroupNumbers:
    """What one round did for one group."""

    search: SearchNumbers
    learning: LearningNumbers | None
    """None where nothing was learned: after the last search, or beside a sampler without weights."""
    replayed_learning: bool = False
    """Was something learned after this search in the run that is replayed? The next search tries it out, as it did there."""

    @property
    def learned(self) -> bool:
        """Does the next search begin with something untested?"""
        return self.learning is not None or self.replayed_learning

    @property
    def seconds(self) -> float:
        """Wall time of search and learning; what was learned beside another search took none of its own."""
        learning = self.learning
        return self.search.search_seconds + (learning.learn_seconds - learning.overlap_seconds if learning else 0.0)


@dataclass(frozen=True)
class Numbers:
    """The table's row for some rounds; shares are 0–1, None where answers are not known. See ``evaluation.metrics``."""

    programs: int
    valid_code: float
    valid_outputs: float
    unique_outputs: float
    pixel_similarity: float
    correct_grids: float
    train_pass_rate: float
    train_pass_at_n: float
    pass_rate: float | None
    pass_at_n: float | None
    solved_at_2: float | None


@dataclass(frozen=True)
class Curve:
    """pass@k for k = 1 … n, the largest number of programs that a task got; shares, 0–1."""

    value: tuple[float, ...]
    """Mean over the tasks; entry k − 1 is that of k programs. The last is pass@n."""
    low: tuple[float, ...]
    """Lower ends of 95 % intervals, from the bootstrap over tasks."""
    high: tuple[float, ...]
    """Upper ends."""
    every_task_to: int
    """Up to this k every task has k programs; beyond, one with fewer counts with all it has (``estimates.pass_curves``)."""
    tasks: int
    """Tasks that the curve is the mean of."""


@dataclass(frozen=True)
class Curves:
    """The two pass@k curves of some rounds."""

    train_pass_at_k: Curve
    """Right on all train pairs."""
    pass_at_k: Curve | None
    """Right on all train and test pairs, over the tasks whose answers are known; None if there are none."""


@dataclass(frozen=True)
class RoundHealth:
    """One round's signs of health, over its groups."""

    round: int
    """Counted from 0."""
    hard_coded: float
    """Share of the complete programs that hold an output's cells, 0–1."""
    discoveries: int
    """Tasks whose best share of right train grids rose."""
    stopped_tasks: int
    """Tasks that are sampled no more."""
    rolled_back: int
    """Adapters that were dropped."""
    adapter_norm: float | None
    """Mean norm of the adapters that were learned after the search; None where none was."""
    loss: float | None
    """Mean of their last losses."""
    search_seconds: float
    """Wall time of its searches."""
    learn_seconds: float
    """Wall time of its learnings."""
    lost: dict[str, int] = field(default_factory=dict)
    """``records.Lost`` → completions that gave no program that could be run, for that reason."""


@dataclass(frozen=True)
class BestProgram:
    """The program of a task with the best score, of equals the shortest."""

    completion_id: str
    source: str
    correct: tuple[bool, ...]
    """For each train pair, in the frame that it was written in: is the output exactly right?"""
    pixels: float
    """Mean share of right cells over the train pairs."""
    dihedral: int
    """Frame that it was written in: see ``records.Augmentation``."""
    colors: tuple[int, ...]


@dataclass(frozen=True)
class TaskOutcome:
    """One task over the whole run."""

    programs: int
    """Completions sampled."""
    tokens: int
    """Tokens of these."""
    grids: int
    """Output grids asked for."""
    valid_grids: int
    """Output grids that came."""
    complete: int
    """Programs that gave every grid."""
    unique: int
    """Different outputs of these."""
    train_perfect: int
    """Completions right on all train pairs."""
    perfect: int | None
    """Of those, right on all test pairs too; None where the answers are not known."""
    first_train_perfect: int | None
    """After how many completions there was the first right on all train pairs; None = there is none."""
    first_perfect: int | None
    """The same for one right on all test pairs too."""
    hits: tuple[bool, ...] | None
    """For each test grid: is one of the two attempts right? None where the answers are not known."""
    best: BestProgram | None
    """None if there is no program."""
    votes: tuple[tuple[float, float], ...]
    """For each test grid, the weight behind each attempt."""


@dataclass(frozen=True)
class RunNumbers:
    """The whole run, as far as it is done."""

    groups_done: int
    """Groups of all rounds that are done."""
    seconds: float
    """Wall time of search and learning."""
    rounds: tuple[Numbers, ...]
    """One row for each round."""
    health: tuple[RoundHealth, ...]
    run: Numbers
    """The row of all rounds together."""
    solved_at_2_interval: tuple[float, float] | None
    """Ends of the 95 % interval of solved@2; None where no answers are known."""
    curves: "RunCurves"
    tasks: dict[str, TaskOutcome]
    """Task id → its outcome, in the run's order."""
    files: Seals = field(default_factory=dict)
    """The submission, relative to the run's folder."""


@dataclass(frozen=True)
class RunCurves:
    """pass@k of the rounds and of the run."""

    rounds: tuple[Curves, ...]
    run: Curves


@dataclass(frozen=True)
class Manifest:
    """What a run's outcome depends on beside its configuration."""

    versions: dict[str, str]
    """Package → its version when the run began; another one may go on with the run."""
    tasks_sha256: str
    """Digest of the tasks."""
    model_sha256: str
    """Digest of the model's files; empty if there is none."""
    source_sha256: str | None = None
    """Digest of the run that is replayed."""
    adapter_sha256: str | None = None
    """Digest of the adapter that the run was given."""
    files: Seals = field(default_factory=dict)
    """What the run began with, relative to its folder: configuration and tasks."""

    @property
    def digests(self) -> dict[str, str | None]:
        """What a resumed run must have in common with the first, by name."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name.endswith("_sha256")}
