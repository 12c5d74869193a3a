"""The records that flow through the loop, each defined once.

Every stage takes some of these and returns others; the names of the records are the names of the
stages' files and of the stored tables. They are frozen and carry no behaviour beyond their own
consistency. Rows of one completion share its ``completion_id`` from the prompt to the score.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Answers",
    "Attempt",
    "Augmentation",
    "Candidate",
    "Completion",
    "Example",
    "Execution",
    "FinishReason",
    "Grid",
    "Job",
    "Lost",
    "Message",
    "Pair",
    "Parent",
    "Program",
    "Prompt",
    "Score",
    "Status",
    "Task",
]


Grid = NDArray[np.int8]
"""int8 array (height, width), 1–30 a side, colours 0–9."""

Answers = dict[str, tuple[Grid, ...]]
"""Task id → the output of each test pair. Only ``metrics`` and ``report`` may ever see one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An input grid with the output grid that belongs to it."""

    input: Grid
    output: Grid


@dataclass(frozen=True, slots=True)
class Task:
    """An ARC task without the answers of its test pairs."""

    id: str
    """Name of the task, unique in its task set."""
    train: tuple[Pair, ...]
    """The demonstrated pairs; at least one."""
    test_inputs: tuple[Grid, ...]
    """Inputs whose outputs are asked for; at least one."""

    @property
    def inputs(self) -> tuple[Grid, ...]:
        """All inputs: those of the train pairs, then the test inputs."""
        return tuple(pair.input for pair in self.train) + self.test_inputs


@dataclass(frozen=True, slots=True)
class Augmentation:
    """An invertible change of a task's looks that keeps its rule: see ``augment``."""

    dihedral: int = 0
    """Element of the dihedral group D8, 0–7: transposed first if ≥ 4, then ``dihedral % 4`` quarter turns."""
    colors: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    """Colour c becomes ``colors[c]``; a permutation of 0–9."""
    order: tuple[int, ...] = ()
    """Train pair k of the augmented task is pair ``order[k]`` of the original; empty = unchanged."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    content: str


class Origin(StrEnum):
    """What the completions after a prompt come from."""

    MODEL = "model"
    """A sampler was asked."""
    MUTANT = "mutant"
    """Each is the prompt's parent, changed in one place; nobody was asked, and the prompt has no text."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text that a model completes with a program for one task."""

    id: str
    """Coordinates ``r<round>/<task id>/p<number>``; unique in a run."""
    task_id: str
    number: int
    """Of the prompts of its task and round, counted from 0."""
    augmentation: Augmentation
    """The frame that the task is shown in; programs answer in that frame."""
    test_index: int
    """Which test input is shown."""
    text: str
    """The rendered chat, up to and with the beginning of the answer."""
    parent: str | None = None
    """Id of the earlier program of the task that it shows, in whose frame it is asked; None where it shows none."""
    origin: Origin = Origin.MODEL
    """Who answers it."""


class FinishReason(StrEnum):
    """Why a completion ended."""

    STOP = "stop"
    """The model wrote its end-of-text token."""
    LENGTH = "length"
    """The limit on new tokens was reached."""
    ERROR = "error"
    """Nothing whole was sampled: the model's server failed at it, also when asked again."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Text that a model wrote after a prompt."""

    id: str
    """Coordinates ``r<round>/<task id>/d<draw>``; unique in a run."""
    prompt_id: str
    task_id: str
    text: str
    """What follows the prompt's text, without the end-of-text token; after an ``error``, its message."""
    tokens: int
    """Sampled tokens, the end-of-text token counted."""
    finish_reason: FinishReason
    logprob: float
    """Sum of the sampled tokens' log-probabilities at temperature 1, in nats; nan where the source does not say."""
    temperature: float = 1.0
    """Temperature that it was sampled at."""


@dataclass(frozen=True, slots=True)
class Program:
    """Python source extracted from a completion."""

    id: str
    """First 16 hex digits of the SHA-256 of ``source``: equal programs have equal ids."""
    completion_id: str
    task_id: str
    source: str
    """Normalised source; defines ``transform``."""


class Status(StrEnum):
    """What became of a program in the sandbox."""

    OK = "ok"
    """Every input gave a valid grid."""
    ERROR = "error"
    """The program raised an exception on at least one input."""
    SYNTAX_ERROR = "syntax_error"
    """The source does not compile."""
    NO_ENTRY = "no_entry"
    """It compiles, and defines neither ``transform`` nor ``main`` as something that can be called."""
    TIMEOUT = "timeout"
    """The limit on CPU time, or the wider one on wall time, was reached."""
    MEMORY = "memory"
    """The limit on memory was reached."""
    CRASH = "crash"
    """The process died of a signal, or ended without an outcome."""
    INVALID_OUTPUT = "invalid_output"
    """Something was returned that is not a grid."""
    NONDETERMINISTIC = "nondeterministic"
    """A second execution under another hash seed and order gave other grids."""
    PROTOCOL_ERROR = "protocol_error"
    """What came back from the process was not a well-formed frame."""
    REFUSED = "refused"
    """The source is larger than the limit and was not run."""


class Lost(StrEnum):
    """Why a completion gave no program that could be run."""

    NO_CODE = "no_code"
    """Nothing in it looks like a program."""
    NO_ENTRY = "no_entry"
    """What looks like one defines neither ``transform`` nor ``main``."""
    UNPARSED = "unparsed"
    """What looks like one does not compile."""
    CUT = "cut"
    """One of these, and the limit on new tokens had ended it."""
    REFUSED = "refused"
    """The program is larger than the sandbox takes."""
    FAILED = "failed"
    """The server failed at it."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the sandbox is given: a program and the inputs to run it on, and nothing else."""

    id: str
    """Any text; the execution carries it back."""
    source: str
    inputs: tuple[Grid, ...]
    group: str = ""
    """Jobs that share a lowered time limit, such as a task's id; see ``ExecutionConfig.lower_after``."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What running a program on inputs gave."""

    id: str
    """The job's id (in the loop: the completion's)."""
    status: Status
    """``ok`` if every input gave a grid, else the first failure in the order of the inputs."""
    outputs: tuple[Grid | None, ...]
    """One entry per input, in their order, in the frame of the inputs; None where no valid grid came."""
    error: str
    """At most 200 characters on the first failure, empty if there was none."""
    cpu_seconds: float
    """CPU time over all inputs."""
    seconds: float
    """Wall time over all inputs."""


@dataclass(frozen=True, slots=True)
class Score:
    """What an execution is worth on its task, judged by the train pairs alone."""

    completion_id: str
    correct: tuple[bool, ...]
    """For each train pair of the augmented task: is the output exactly right?"""
    pixels: float
    """Mean share of right cells over the train pairs (0 for a wrong shape or no output); breaks ties only."""

    @property
    def correct_share(self) -> float:
        """Share of the train pairs that are exactly right, 0–1."""
        return sum(self.correct) / len(self.correct)

    @property
    def perfect(self) -> bool:
        """Are all train pairs exactly right?"""
        return all(self.correct)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program with all that is known of it: what relabeling, selection and voting look at."""

    program: Program
    augmentation: Augmentation
    """The frame that it was written in and run in."""
    execution: Execution
    """Outputs for the train inputs in the augmented order, then for the test inputs."""
    score: Score
    parent: str | None = None
    """Id of the earlier program that its prompt showed, written in the same frame; None where it showed none."""


@dataclass(frozen=True, slots=True)
class Parent:
    """An earlier program of a task, as a prompt shows it that asks for a better one."""

    program_id: str
    source: str
    gave: tuple[Grid | str, ...]
    """What it gave for the input of each train pair that is shown beside it: a grid, or why there was none, in a line."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training row: a task in hindsight, rendered, with the program that solves it."""

    id: str
    """The completion that the program came from; with ``@<task id>`` if another task's inputs are shown, with ``/u<n>``
    if it is the program's n-th further use."""
    task_id: str
    """The task whose inputs are shown."""
    prompt: str
    """Rendered chat of the relabeled task, up to and with the beginning of the answer."""
    completion: str
    """The program's text, without the end-of-text token, which the trainer appends."""
    weight: float = 1.0
    """Factor on the row's loss."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The two grids submitted for one test input."""

    task_id: str
    test_index: int
    attempt_1: Grid
    attempt_2: Grid
    votes: tuple[float, float]
    """Weight behind each attempt; 0 where nothing better than a fallback was known."""
