"""How long a task is searched, how programs are run, and what is watched."""

from dataclasses import dataclass
from typing import Literal

from arcloop.config.require import require

__all__ = ["BudgetConfig", "ExecutionConfig", "HealthConfig", "SearchConfig", "StoppingConfig"]


@dataclass(frozen=True)
class SearchConfig:
    """How many programs of a round are made of earlier ones, without a model (docs/search.md)."""

    mutants: float = 0.0
    """Share of a task's programs in every round but the first that are its own best ones, each changed in one place."""

    def __post_init__(self) -> None:
        require(0 <= self.mutants <= 1, "search.mutants", self.mutants, "expected 0 (none) to 1 (all)")


@dataclass(frozen=True)
class StoppingConfig:
    """When a task is no longer sampled, and who gets its programs."""

    perfect: int = 2
    """A task is done with so many different programs that are right on all its train pairs and agree on its test outputs;
    0 = never."""
    move: bool = True
    """What a task that is done leaves of its programs goes to the unsolved tasks of its group; off: it is saved."""
    every: int = 256
    """Completions of a group after which the loop looks which of its tasks are done: fewer stop sooner, more keep a large
    GPU busier."""

    def __post_init__(self) -> None:
        require(self.perfect >= 0, "stopping.perfect", self.perfect, "expected 0 (never) or more")
        require(self.every >= 1, "stopping.every", self.every, "expected 1 or more")


@dataclass(frozen=True)
class BudgetConfig:
    """What a whole run may spend, spread evenly over all that is still to be searched."""

    programs: int | None = None
    """Completions in all."""
    tokens: int | None = None
    """Sampled tokens in all; exceeded by no more than the completion during which it runs out."""
    seconds: float | None = None
    """Wall time of searching and learning in all, also over interruptions. What it lets through depends on the machine."""

    def __post_init__(self) -> None:
        for name in ("programs", "tokens"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"budget.{name}", value, "expected 1 or more")
        require(self.seconds is None or self.seconds > 0, "budget.seconds", self.seconds, "expected more than 0")


@dataclass(frozen=True)
class HealthConfig:
    """When an adapter has done harm."""

    rollback: float = 0.5
    """An adapter is dropped, and search goes on with the one before it, if its share of valid outputs is below so much of
    the best that an earlier round had on the same tasks; 0 = never."""

    def __post_init__(self) -> None:
        require(0 <= self.rollback <= 1, "health.rollback", self.rollback, "expected 0 (never) to 1")


@dataclass(frozen=True)
class ExecutionConfig:
    """How programs are run, and what they may use."""

    workers: int = 0
    """Programs run side by side; 0 = one per core."""
    timeout: float = 2.0
    """CPU seconds a program may use over all its inputs. CPU time, so that a busy machine changes no verdict;
    honest programs take milliseconds, and endless loops pay this in full."""
    wall_timeout: float = 10.0
    """Wall seconds after which a program is stopped although it used little CPU (it sleeps or waits)."""
    memory: int = 512
    """Megabytes that a program may allocate beyond the interpreter itself."""
    mode: Literal["batch", "strict"] = "batch"
    """``batch``: a process serves several programs that can do nothing but compute. ``strict``: a fresh one for each."""
    batch_size: int = 512
    """Programs that one process serves at the most in batch mode; a fork costs as much as some programs."""
    lower_after: int = 0
    """After so many timeouts in one group of jobs (a task) its limit is halved, and again after as many more, down to
    an eighth; 0 = never. Saves time where a task breeds endless loops; verdicts near the limit then depend on order."""
    allow_weak_sandbox: bool = False
    """Go on with resource limits alone where the kernel offers no seccomp; only for programs that you trust."""

    def __post_init__(self) -> None:
        require(self.workers >= 0, "execution.workers", self.workers, "expected 0 (one per core) or more")
        require(0 < self.timeout <= 3600, "execution.timeout", self.timeout, "expected more than 0 seconds, up to 3600")
        require(self.wall_timeout <= 86400, "execution.wall-timeout", self.wall_timeout, "expected up to 86400 seconds")
        require(
            self.wall_timeout >= self.timeout,
            "execution.wall-timeout",
            self.wall_timeout,
            f"expected at least execution.timeout ({self.timeout:g})",
        )
        require(64 <= self.memory <= 2**20, "execution.memory", self.memory, "expected 64 to 1048576 megabytes")
        require(self.batch_size >= 1, "execution.batch-size", self.batch_size, "expected 1 or more")
        require(self.lower_after >= 0, "execution.lower-after", self.lower_after, "expected 0 (never) or more")
