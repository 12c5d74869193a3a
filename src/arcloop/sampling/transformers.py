"""Sampling from the network in this process, which training shares.

Prompts are read in one packed pass; then all their completions are decoded side by side, each
prompt's keys and values stored once (``memory``). Rows that ended leave, so that late ones cost
less. A completion depends on its prompt and its draw's seed alone, up to the rounding of
differently shaped matrix products.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from arcloop.config import SamplingConfig
from arcloop.errors import ConfigError
from arcloop.model.effective import holding
from arcloop.model.language import LanguageModel
from arcloop.prompts import PromptFormat
from arcloop.records import Completion, FinishReason, Prompt
from arcloop.sampling.choose import choose
from arcloop.sampling.memory import PrefixMemory
from arcloop.sampling.port import Draw, Request

__all__ = ["TransformersSampler"]

_COMPACT = 8
"""Steps between looks for rows that have ended; a look costs about as much as a step saves."""


@dataclass
class _Row:
    """A completion that is being decoded."""

    prompt: Prompt
    draw: Draw
    uniform: np.ndarray[tuple[int], np.dtype[np.float64]]
    tokens: list[int]
    logprob: float = 0.0
    reason: FinishReason | None = None


_Rows = list[list[_Row | None]]
"""N prompts × n completions; None where a place has nobody, or nobody any more."""


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

    def sample(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """See ``Sampler``."""
        encoded = [(request, self._model.encode(request.prompt.text)) for request in requests]
        # Like lengths side by side: a batch's prompts are padded to its longest.
        encoded.sort(key=lambda item: len(item[1]))
        # The adapter stays as it is while a caller draws from here.
        with holding(self._model.network):
            for batch in self._batches(encoded):
                yield from self._decode(batch)

    def _batches(self, encoded: list[tuple[Request, list[int]]]) -> Iterator[list[tuple[Request, list[int]]]]:
        batch: list[tuple[Request, list[int]]] = []
        for item in encoded:
            widest = max((len(request.draws) for request, _ in [*batch, item]), default=0)
            rows = widest * (len(batch) + 1)
            if batch and (rows > self._config.rows or len(item[1]) * (len(batch) + 1) > self._config.prefill_tokens):
                yield batch
                batch = []
            batch.append(item)
        if batch:
            yield batch

    @torch.inference_mode()
    def _decode(self, batch: list[tuple[Request, list[int]]]) -> Iterator[Completion]:
        widest = max(len(request.draws) for request, _ in batch)
        grid: _Rows = [
            [self._row(request.prompt, draw) for draw in request.draws] + [None] * (widest - len(request.draws))
            for request, _ in batch
        ]
        device = self._model.device
        memory = PrefixMemory([len(ids) for _, ids in batch])
        hidden = self._model.hidden(
            torch.tensor([[i for _, ids in batch for i in ids]], device=device),
            torch.tensor([[p for _, ids in batch for p in range(len(ids))]], device=device),
            memory=memory,
        )
        lengths = torch.tensor([len(ids) for _, ids in batch], device=device)
        ends = lengths.cumsum(0) - 1
        memory.begin(len(grid[0]), device)
        logits = self._model.logits(hidden[0, ends]).repeat_interleave(len(grid[0]), 0)
        for step in range(self._max_tokens):
            tokens = self._choose(grid, logits, step)
            if step % _COMPACT == _COMPACT - 1 or step == self._max_tokens - 1:
                yield from self._take_ended(grid)
                prompts, rows = _alive(grid)
                if not prompts:
                    return
                if len(prompts) * len(rows[0]) < len(grid) * len(grid[0]):
                    kept, flat = torch.tensor(prompts, device=device), torch.tensor(rows, device=device)
                    memory.keep(kept, flat)
                    lengths, tokens = lengths[kept], tokens[flat.flatten()]
                    grid = _relaid(grid, rows)
            positions = (lengths + step).repeat_interleave(len(grid[0]))
            hidden = self._model.hidden(tokens[:, None], positions[:, None], memory=memory)
            memory.advance()
            logits = self._model.logits(hidden[:, 0])

    def _take_ended(self, grid: _Rows) -> Iterator[Completion]:
        for rows in grid:
            for k, row in enumerate(rows):
                if row is not None and row.reason is not None:
                    yield self._completion(row, row.reason)
                    rows[k] = None

    def _choose(self, grid: _Rows, logits: Tensor, step: int) -> Tensor:
        rows = [row for prompt_rows in grid for row in prompt_rows]
        uniform = torch.tensor([0.0 if row is None else row.uniform[step] for row in rows], device=logits.device)
        heat = [1.0 if row is None else row.draw.temperature for row in rows]
        temperature = torch.tensor(heat, device=logits.device)
        tokens, logprobs = choose(logits, uniform, temperature, self._config.top_p)
        for row, token, logprob in zip(rows, tokens.tolist(), logprobs.tolist(), strict=True):
            if row is None or row.reason is not None:
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


def _alive(grid: _Rows) -> tuple[list[int], list[list[int]]]:
    """Prompts that still have rows, and the flat indices of those rows, each list filled up to the longest."""
    width = len(grid[0])
    alive = {p: [p * width + k for k, row in enumerate(rows) if row is not None] for p, rows in enumerate(grid)}
    alive = {p: rows for p, rows in alive.items() if rows}
    widest = max((len(rows) for rows in alive.values()), default=0)
    return list(alive), [rows + [rows[0]] * (widest - len(rows)) for rows in alive.values()]


def _relaid(grid: _Rows, rows: list[list[int]]) -> _Rows:
    """The grid in the layout of ``_alive``; a row that was repeated to fill up is None."""
    flat = [row for prompt_rows in grid for row in prompt_rows]
    return [[flat[i] if i not in line[:k] else None for k, i in enumerate(line)] for line in rows]
