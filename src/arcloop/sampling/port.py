"""What the loop asks of any source of completions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, Prompt

__all__ = ["Draw", "Request", "Sampler", "UnderWay", "untold"]

UnderWay = Callable[[int], None]
"""Is told now and then how many tokens the completions have that have not ended yet."""


def untold(tokens: int) -> None:
    """An ``UnderWay`` that nobody listens to."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One completion to be sampled."""

    completion_id: str
    seed: int
    """All randomness of this completion follows from it."""
    temperature: float = 1.0
    """Divides the logits before the softmax; 0 takes the likeliest token."""


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt and the completions wanted after it."""

    prompt: Prompt
    draws: tuple[Draw, ...]


class Sampler(Protocol):
    """Requests → completions."""

    @property
    def format(self) -> PromptFormat:
        """How its model is shown tasks."""
        ...

    def length(self, text: str) -> int:
        """Tokens of a prompt's text."""
        ...

    def use_adapter(self, folder: Path | None) -> None:
        """Sample with this saved adapter from now on; None = with the base model."""
        ...

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """One completion per draw, in any order, each as soon as it is finished.

        ``under_way`` is told of the others, by samplers that know of them. Of completions that were drawn elsewhere there
        may be fewer: for some draws nothing comes then.
        """
        ...
