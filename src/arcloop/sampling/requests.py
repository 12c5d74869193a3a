"""Requests → completions of a server, whichever of its interfaces is used.

All completions of a prompt (and temperature) are asked for in one request, because that is what makes them cheap:
the prompt is sent, read and paid for once. Its seed is that of its first draw. A server that gives
fewer than asked is noticed, and asked for one at a time from then on, each with its draw's own
seed. So with a server that honours seeds a completion depends on its prompt, its draw and the
number asked for together; ``--sampling.completions-per-prompt 1`` makes every draw depend on its own
seed alone. How far a server honours seeds is its own affair.

What a server does not know (log-probabilities, seeds, samplers that are to be off) is left out once
it has said so. A request that fails to the end gives completions with the finish reason ``error``;
when nothing but failures comes, the run stops with a ``ServerError`` and can be resumed.
"""

import asyncio
import math
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx

from arcloop.config import SamplingConfig
from arcloop.errors import ConfigError
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, FinishReason, Prompt
from arcloop.sampling.choice import Part, part
from arcloop.sampling.port import Draw, Request, UnderWay, untold
from arcloop.sampling.refusal import Content, RefusedError
from arcloop.sampling.server import Server
from arcloop.sampling.stream import stream

__all__ = ["Asking"]

_OPTIONAL = ("logprobs", "seed", "n", "stop_token_ids")
"""Fields without which a request still says what is wanted: left out for a server that refuses them."""
_OFF = {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "temperature": 1.0}
"""Fields of samplers with the value that switches them off: with that value they are optional too."""
_ONE_CHOICE = (
    "only one completion",
    "only one choice",
    "one completion choice",
    "multiple completions",
    "multiple choices",
    "n > 1",
)
"""How a server says that it gives one choice a request, without naming the field."""


class Asking(ABC):
    """Most of a ``Sampler``: many requests at once, their answers as completions. Interfaces derive from it."""

    _path: str
    _renames = False
    """Does the interface have ``max_completion_tokens`` too?"""

    def __init__(
        self, model: str, format_: PromptFormat, sampling: SamplingConfig, server: Server, parallel: int
    ) -> None:
        if sampling.max_tokens is None:
            raise ConfigError(
                "sampling.max-tokens is None; expected a number — resolve the config with the model's card first"
            )
        self._format = format_
        self._model = self._base = model
        self._server = server
        self._parallel = parallel
        self._max_tokens = sampling.max_tokens
        self._settings: Content = {
            "max_tokens": sampling.max_tokens,
            "top_p": sampling.top_p,
            # Servers have defaults of their own for these, which a run's configuration would not show.
            "top_k": 0,
            "min_p": sampling.min_p,
            "repetition_penalty": 1.0,
        }
        self._refused: set[str] = set()
        self._failed = 0  # requests in a row

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._format

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``.

        Raises:
            ServerError: the server refuses the key, or as many requests in a row failed as run side by side,
                or all of them.
        """
        waiting = deque((request.prompt, draws) for request in requests for draws in _alike(request.draws))
        self._failed = 0

        async def main(emit: Callable[[Completion], None]) -> None:
            async def work(client: httpx.AsyncClient) -> None:
                while waiting:
                    prompt, draws = waiting.popleft()
                    if "n" in self._refused and len(draws) > 1:
                        waiting.extendleft((prompt, (draw,)) for draw in reversed(draws))
                        continue
                    completions = await self._ask(client, prompt, draws)
                    for completion in completions:
                        emit(completion)
                    if len(completions) < len(draws):
                        self._refused.add("n")
                        waiting.append((prompt, draws[len(completions) :]))

            async with self._server.client() as client:
                workers = [asyncio.ensure_future(work(client)) for _ in range(self._parallel)]
                try:
                    await asyncio.gather(*workers)
                finally:
                    for worker in workers:
                        worker.cancel()
                    await asyncio.gather(*workers, return_exceptions=True)

        good = False
        failed: list[Completion] = []
        for completion in stream(main):
            good |= completion.finish_reason is not FinishReason.ERROR
            if good:
                yield from failed
                failed = []
                yield completion
            else:
                failed.append(completion)
        if failed:
            raise self._server.stop(RefusedError(failed[-1].text))

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt, draws: tuple[Draw, ...]) -> list[Completion]:
        """At least one completion, at most one for each draw, in their order; the draws have one temperature."""
        without: set[str] = set()  # fields that this request is tried without, for one that is refused and not named
        while True:
            body = self._settings | self._body(prompt) | {"model": self._model, "n": len(draws)}
            body["temperature"] = draws[0].temperature
            body["seed"] = draws[0].seed % 2**31  # what every server's integers hold
            left_out = self._refused | without
            # A sampler that may not be switched off may be needed all the same.
            body = {n: v for n, v in body.items() if n not in left_out or (n in _OFF and v != _OFF[n])}
            try:
                content = await self._server.post(client, self._path, body, trial=self._on_trial(body))
                made = self._completions(content, prompt, draws)
            except RefusedError as refusal:
                if self._adapt(refusal, body, without):
                    continue
                self._failed += not refusal.one
                if refusal.status == 404 or self._failed >= max(self._parallel, 8):
                    raise self._server.stop(refusal) from None
                text = str(refusal)
                return [_completion(prompt, d, text, 0, FinishReason.ERROR, math.nan) for d in draws]
            self._failed = 0
            self._refused |= without  # now that it is known to help
            return made

    def _adapt(self, refusal: RefusedError, body: Content, without: set[str]) -> bool:
        """Can the request be put in other words, after a refusal? Those of ``without`` are for this request, until it succeeds."""
        if refusal.one or refusal.status not in (400, 404, 422):
            return False
        # A chat service that has renamed a field says so.
        if self._renames and "max_completion_tokens" in str(refusal) and "max_tokens" in body:
            if "max_tokens" in self._settings:
                self._settings["max_completion_tokens"] = self._settings.pop("max_tokens")
            return True
        optional = {*_OPTIONAL, *(name for name, off in _OFF.items() if body.get(name) == off)} & body.keys()
        said = set(re.findall(r"\w+", str(refusal)))
        named = {name for name in optional if name in said or name == refusal.param.rpartition(".")[2]}
        if any(words in str(refusal).lower() for words in _ONE_CHOICE):
            named |= optional & {"n"}
        self._refused |= named
        if not named and refusal.status != 404:
            # A server, or a gateway before it, that refuses some field and does not say which: once without all of them.
            named = optional - {"n", "seed"}
            without |= named
        return bool(named)

    def _on_trial(self, body: Content) -> bool:
        """May the request be refused for a form that can be changed?"""
        return False

    def _completions(self, content: Content, prompt: Prompt, draws: tuple[Draw, ...]) -> list[Completion]:
        parts = [self._part(choice) for choice in content["choices"][: len(draws)]]
        if all(one.finish_reason is FinishReason.ERROR for one in parts):
            raise RefusedError(parts[0].text, 200, one=True)
        counts = self._counts(content.get("usage"), parts)
        return [
            _completion(
                prompt, draw, one.text, count, one.finish_reason, math.fsum(one.logprobs) if one.logprobs else math.nan
            )
            for draw, one, count in zip(draws, parts, counts, strict=False)
        ]

    def _part(self, choice: Any) -> Part:
        """A choice; of one that is none, that it is none."""
        try:
            made = part(choice)
        except RefusedError as refused:
            made = Part(str(refused), FinishReason.ERROR, ())
        key = self._server.key
        # It may have been put together from pieces, in none of which the whole key was.
        hidden = key.out_of_message if made.finish_reason is FinishReason.ERROR else key.out_of
        return replace(made, text=hidden(made.text))

    def _counts(self, usage: Any, parts: Sequence[Part]) -> list[int]:
        """Tokens of each choice; what the server read and sampled is added to its usage."""
        told = usage if isinstance(usage, dict) else {}
        self._server.usage.prompt_tokens += _number(told.get("prompt_tokens")) or 0
        counts = [len(one.logprobs) for one in parts]
        if not all(counts):
            known = _number(told.get("completion_tokens"))
            cut = sum(one.finish_reason is FinishReason.LENGTH for one in parts)
            # Some servers count one choice of several: less than those have that were cut at the limit.
            if known is None or known < cut * self._max_tokens:
                counts = [self.length(one.text) for one in parts]
            else:
                # What is said of all choices together, evenly: the sum is right.
                counts = [(known + k) // len(parts) for k in range(len(parts))]
        self._server.usage.completion_tokens += sum(counts)
        return counts

    @abstractmethod
    def _body(self, prompt: Prompt) -> Content:
        """What in a request is the prompt."""

    @abstractmethod
    def length(self, text: str) -> int:
        """See ``Sampler``."""


def _completion(prompt: Prompt, draw: Draw, text: str, tokens: int, reason: FinishReason, logprob: float) -> Completion:
    return Completion(draw.completion_id, prompt.id, prompt.task_id, text, tokens, reason, logprob, draw.temperature)


def _alike(draws: Sequence[Draw]) -> list[tuple[Draw, ...]]:
    """The draws by temperature: a request has one."""
    heat = dict.fromkeys(draw.temperature for draw in draws)
    return [tuple(draw for draw in draws if draw.temperature == one) for one in heat]


def _number(value: Any) -> int | None:
    """A count that a server tells; None where it is none."""
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40
    return int(value) if fits else None
