"""Sampling from the network in this process, which training shares.

Many prompts are decoded side by side, each prompt's keys and values stored once for all its
completions (``memory``). Completions leave when they end, and the next prompts enter, so that every
step is a full one. A completion depends on its prompt and its draw's seed alone, up to the rounding
of differently shaped matrix products.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from arcloop.config import SamplingConfig
from arcloop.errors import ConfigError
from arcloop.model.effective import holding
from arcloop.model.language import LanguageModel
from arcloop.model.shape import shape_of
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, FinishReason, Prompt
from arcloop.sampling.choose import choose
from arcloop.sampling.memory import PrefixMemory
from arcloop.sampling.port import Draw, Request, UnderWay, untold

__all__ = ["PREFILL", "ROWS", "TransformersSampler"]

ROWS = 128
"""Completions decoded side by side where nothing else is said."""
PREFILL = 32_768
"""Prompt tokens read at once where nothing else is said."""
_LEAST = 256
"""Prompt tokens read at once at the least."""
_LOOK = 4
"""Steps between looks for completions that have ended; a look costs about as much as a step saves."""


@dataclass
class _Row:
    """A completion that is being decoded."""

    prompt: Prompt
    draw: Draw
    uniform: np.ndarray[tuple[int], np.dtype[np.float64]]
    tokens: list[int]
    logprob: float = 0.0
    reason: FinishReason | None = None


@dataclass(frozen=True)
class _Asked:
    """A prompt that waits, in tokens, with as many of its draws as are decoded side by side."""

    request: Request
    ids: list[int]

    @property
    def rows(self) -> int:
        return len(self.request.draws)


class TransformersSampler:
    """A ``Sampler`` on a ``LanguageModel``."""

    def __init__(self, model: LanguageModel, config: SamplingConfig) -> None:
        """``config`` must have been resolved: its limits are set.

        Raises:
            ConfigError: it was not.
        """
        if config.max_tokens is None:
            raise ConfigError(
                "sampling.max-tokens is None; expected a number — resolve the config with the model's card first"
            )
        self._model = model
        self._config = config
        self._max_tokens = config.max_tokens
        self._rows = config.rows or ROWS
        self._prefill = config.prefill_tokens or PREFILL
        # What a token's keys and values take, in a network that says so; and how many tokens may be kept.
        shape = shape_of(model.network.config)
        self._kept = math.inf
        if config.cache_gib is not None and shape is not None:
            self._kept = config.cache_gib * 2**30 // shape.kept(model.network.dtype.itemsize)

    @property
    def limits(self) -> tuple[int, int]:
        """Rows side by side and prompt tokens at once, as memory has allowed so far."""
        return self._rows, self._prefill

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._model.format

    def length(self, text: str) -> int:
        """See ``Sampler``."""
        return len(self._model.encode(text))

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``."""
        self._model.use_adapter(folder)

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``. Out of memory, it goes on with half as many rows and prompt tokens, and keeps to that."""
        waiting = self._split((request, self._model.encode(request.prompt.text)) for request in requests)
        # The adapter stays as it is while a caller draws from here.
        with holding(self._model.network):
            while waiting:
                inside: list[_Row] = []
                try:
                    yield from self._decode(waiting, inside, under_way)
                    return
                except torch.OutOfMemoryError:
                    if self._rows == 1 and self._prefill <= _LEAST:
                        raise
                self._rows, self._prefill = max(1, self._rows // 2), max(min(_LEAST, self._prefill), self._prefill // 2)
                torch.cuda.empty_cache()
                # What was being decoded begins again, with the same seeds.
                again: dict[str, list[_Row]] = {}
                for row in inside:
                    again.setdefault(row.prompt.id, []).append(row)
                left = [(asked.request, asked.ids) for asked in waiting]
                for rows in again.values():
                    request = Request(rows[0].prompt, tuple(row.draw for row in rows))
                    left.append((request, self._model.encode(request.prompt.text)))
                waiting = self._split(left)

    def _split(self, requests: Iterable[tuple[Request, list[int]]]) -> list[_Asked]:
        """Requests of at most as many draws as are decoded side by side, the longest prompt last: it is taken first."""
        waiting = [
            _Asked(replace(request, draws=request.draws[start : start + self._rows]), ids)
            for request, ids in requests
            for start in range(0, len(request.draws), self._rows)
        ]
        # What comes later then fits into the room that earlier ones leave.
        return sorted(waiting, key=lambda asked: len(asked.ids))

    def _decode(self, waiting: list[_Asked], rows: list[_Row], under_way: UnderWay) -> Iterator[Completion]:
        """Decode what waits, last first; ``rows`` always holds what is being decoded."""
        model = self._model
        # A row that has ended goes on beside the others until it is looked for.
        memory = PrefixMemory(model.device, self._max_tokens + _LOOK)
        tokens = torch.empty(0, dtype=torch.long, device=model.device)
        step = 0
        while rows or waiting:
            if not rows or step % _LOOK == 0:
                entering = self._entering(waiting, len(rows), memory)
                if entering:
                    tokens = torch.cat([tokens, self._enter(memory, entering, rows)])
            with torch.inference_mode():
                hidden = model.hidden(tokens[:, None], memory.positions()[:, None], memory=memory)
                memory.advance()
                tokens = self._choose(rows, model.logits(hidden[:, 0]))
            step += 1
            if step % _LOOK == 0:
                under_way(sum(len(row.tokens) for row in rows))
            ended = [place for place, row in enumerate(rows) if row.reason is not None]
            if ended and (step % _LOOK == 0 or len(ended) == len(rows)):
                done = [rows[place] for place in ended]
                with torch.inference_mode():
                    order = memory.leave(ended)
                    tokens = tokens[torch.tensor(order, dtype=torch.long, device=model.device)]
                rows[:] = [rows[place] for place in order]
                for row in done:
                    if row.reason is not None:
                        yield self._completion(row, row.reason)

    def _entering(self, waiting: list[_Asked], rows: int, memory: PrefixMemory) -> list[_Asked]:
        """Who fits beside so many rows, taken off ``waiting``; someone, where there are none."""
        entering: list[_Asked] = []
        lengths: list[int] = []
        while waiting:
            asked = waiting[-1]
            rows, lengths = rows + asked.rows, [*lengths, len(asked.ids)]
            kept = memory.room(lengths) + rows * self._max_tokens
            if rows > asked.rows and (rows > self._rows or kept > self._kept):
                break
            if entering and sum(lengths) > self._prefill:
                break
            entering.append(waiting.pop())
        return entering

    @torch.inference_mode()
    def _enter(self, memory: PrefixMemory, entering: list[_Asked], rows: list[_Row]) -> Tensor:
        """Read prompts, and choose the first token of each of their rows."""
        fresh = [self._row(asked.request.prompt, draw) for asked in entering for draw in asked.request.draws]
        rows += fresh
        first = len(memory.lengths)
        if len(entering) == 1:
            hidden = self._read(memory, entering[0].ids)[-1:]
        else:
            lengths = [len(asked.ids) for asked in entering]
            memory.read(lengths)
            ids = [token for asked in entering for token in asked.ids]
            places = [place for length in lengths for place in range(length)]
            ends = torch.tensor(lengths, device=self._model.device).cumsum(0) - 1
            hidden = self._pass(memory, ids, places)[ends]
        for place, asked in enumerate(entering, first):
            memory.enter(place, asked.rows)
        counts = torch.tensor([asked.rows for asked in entering], device=self._model.device)
        return self._choose(fresh, self._model.logits(hidden).repeat_interleave(counts, 0, output_size=len(fresh)))

    def _read(self, memory: PrefixMemory, ids: list[int]) -> Tensor:
        """Hidden states of the last part of one prompt, which is read in parts of at most as many tokens as are read at once."""
        size = self._prefill
        for behind in range(0, len(ids), size):
            part = ids[behind : behind + size]
            memory.read([len(part)], behind)
            hidden = self._pass(memory, part, list(range(behind, behind + len(part))))
        return hidden

    def _pass(self, memory: PrefixMemory, ids: list[int], places: list[int]) -> Tensor:
        tensors = (torch.tensor([part], device=self._model.device) for part in (ids, places))
        return self._model.hidden(*tensors, memory=memory)[0]

    def _choose(self, rows: list[_Row], logits: Tensor) -> Tensor:
        at = range(len(rows))
        uniform = torch.tensor([rows[k].uniform[min(len(rows[k].tokens), self._max_tokens - 1)] for k in at])
        heat = torch.tensor([row.draw.temperature for row in rows])
        device = logits.device
        tokens, logprobs = choose(logits, uniform.to(device), heat.to(device), self._config.top_p, self._config.min_p)
        for row, token, logprob in zip(rows, tokens.tolist(), logprobs.tolist(), strict=True):
            if row.reason is not None:
                continue
            row.tokens.append(token)
            row.logprob += logprob
            if token in self._model.stop_ids:
                row.reason = FinishReason.STOP
            elif len(row.tokens) == self._max_tokens:
                row.reason = FinishReason.LENGTH
        return tokens

    def _row(self, prompt: Prompt, draw: Draw) -> _Row:
        return _Row(prompt, draw, np.random.Generator(np.random.Philox(draw.seed)).random(self._max_tokens), [])

    def _completion(self, row: _Row, reason: FinishReason) -> Completion:
        return Completion(
            id=row.draw.completion_id,
            prompt_id=row.prompt.id,
            task_id=row.prompt.task_id,
            text=self._model.decode([t for t in row.tokens if t not in self._model.stop_ids]),
            tokens=len(row.tokens),
            finish_reason=reason,
            logprob=row.logprob,
            temperature=row.draw.temperature,
        )
