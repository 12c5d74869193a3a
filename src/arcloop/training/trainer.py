"""Relabeled examples → a trained adapter, on the network that search uses too."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from arcloop.config import TrainingConfig
from arcloop.errors import ConfigError
from arcloop.model.language import LanguageModel
from arcloop.records import Example
from arcloop.training.loss import ALIGN, completion_loss, precision
from arcloop.training.port import Fit
from arcloop.training.rows import Row, encode_rows

__all__ = ["LoraTrainer"]

_PACK = 4096
"""Tokens that go through the network at once; an optimizer step takes as many passes as it needs."""


class LoraTrainer:
    """A ``Trainer`` with AdamW on the adapter of a ``LanguageModel``."""

    def __init__(self, model: LanguageModel, config: TrainingConfig) -> None:
        """``config`` must have been resolved: its learning rate is set.

        Raises:
            ConfigError: it was not.
        """
        if config.learning_rate is None:
            raise ConfigError(
                "training.learning-rate is None; expected a number — resolve the config with the model's card first"
            )
        self._model = model
        self._config = config
        self._learning_rate = config.learning_rate

    def fit(
        self,
        examples: Sequence[Example],
        start: Path | None,
        out: Path,
        rng: random.Random,
        on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
    ) -> Fit:
        """See ``Trainer``. With no example that fits, the adapter is saved as it was."""
        config = self._config
        adapter = self._model.trainable_adapter(config.lora_r, config.lora_alpha)
        self._model.use_adapter(start)
        rows, dropped = encode_rows(self._model, examples, config.max_tokens)
        before = {name: p.detach().clone() for name, p in adapter.parameters.items()}
        losses = self._train(rows, rng, on_step)
        adapter.save(out)
        squares = [(p.detach() - before[name]).double().square().sum().item() for name, p in adapter.parameters.items()]
        return Fit(len(rows), dropped, len(losses), tuple(losses), sum(squares) ** 0.5)

    def _train(self, rows: list[Row], rng: random.Random, on_step: Callable[[int, int, float], None]) -> list[float]:
        parameters = list(
            self._model.trainable_adapter(self._config.lora_r, self._config.lora_alpha).parameters.values()
        )
        optimizer = torch.optim.AdamW(parameters, lr=self._learning_rate, weight_decay=0.0)
        batches = [batch for _ in range(self._config.epochs) for batch in _batches(rows, self._config.batch_size, rng)]
        losses: list[float] = []
        for step, batch in enumerate(batches):
            rate = self._learning_rate * min(1.0, (step + 1) / max(1, self._config.warmup))
            for group in optimizer.param_groups:
                group["lr"] = rate
            losses.append(self._backward(batch))
            torch.nn.utils.clip_grad_norm_(parameters, self._config.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            on_step(step + 1, len(batches), losses[-1])
        return losses

    def _backward(self, batch: list[Row]) -> float:
        """Accumulate the gradient of the mean loss over the batch's trained tokens; return that mean."""
        tokens = sum(row.trained for row in batch)
        total = 0.0
        for pack in _packs(batch):
            with precision(self._model.device):
                loss = completion_loss(self._model, pack, ALIGN) / tokens
            loss.backward()
            total += loss.item()
        return total


def _batches(rows: list[Row], size: int, rng: random.Random) -> Iterator[list[Row]]:
    order = rng.sample(range(len(rows)), len(rows))
    for start in range(0, len(order), size):
        yield [rows[i] for i in order[start : start + size]]


def _packs(batch: list[Row]) -> Iterator[list[Row]]:
    """The batch's rows in packs of at most ``_PACK`` tokens; a longer row goes alone."""
    pack: list[Row] = []
    for row in batch:
        if pack and sum(len(r.ids) for r in pack) + len(row.ids) > _PACK:
            yield pack
            pack = []
        pack.append(row)
    if pack:
        yield pack
