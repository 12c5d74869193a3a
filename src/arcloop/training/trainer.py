"""Relabeled examples → a trained adapter, on the network that search uses too."""

import random
from collections.abc import Iterator, Mapping

from torch import Tensor

from arcloop.config import TrainingConfig
from arcloop.model.language import LanguageModel
from arcloop.training.optimization import Optimization
from arcloop.training.port import Fit, Fitting
from arcloop.training.rows import Row, encode_rows

__all__ = ["LoraTrainer"]


class LoraTrainer:
    """A ``Trainer`` of the adapter of a ``LanguageModel``; built once, used every round."""

    def __init__(self, model: LanguageModel, config: TrainingConfig) -> None:
        """``config`` must have been resolved: its learning rate is set."""
        self._model = model
        self._config = config

    def fit(self, asked: Fitting) -> Fit:
        """See ``Trainer``. With no example that fits, the adapter is saved as it was."""
        config, rng = self._config, asked.rng
        self._model.use_adapter(asked.start)  # which decides on rank and kind, where it is the first
        adapter = self._model.trainable_adapter(config)
        rows, dropped = encode_rows(self._model, asked.examples, config.max_tokens)
        before = {name: p.detach().clone() for name, p in adapter.parameters.items()}
        batches = [batch for _ in range(config.epochs) for batch in _batches(rows, config, rng)]
        optimization = Optimization(self._model, adapter.parameters, config, len(batches), rng.getrandbits(63))
        losses: list[float] = []
        for batch in batches:
            losses.append(optimization.step(batch).loss)
            asked.on_step(len(losses), len(batches), losses[-1])
        adapter.save(asked.out)
        change, norm = _distance(adapter.parameters, before), _distance(adapter.parameters, adapter.initial)
        return Fit(len(rows), dropped, len(losses), tuple(losses), change, norm)


def _distance(weights: Mapping[str, Tensor], origin: Mapping[str, Tensor]) -> float:
    squares = [(w.detach() - origin[name]).double().square().sum().item() for name, w in weights.items()]
    return float(sum(squares) ** 0.5)


def _batches(rows: list[Row], config: TrainingConfig, rng: random.Random) -> Iterator[list[Row]]:
    rows = rng.sample(rows, len(rows))
    for start in range(0, len(rows), config.batch_size):
        yield rows[start : start + config.batch_size]
