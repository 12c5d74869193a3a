"""Relabeled examples → a trained adapter, on the network that search uses too, and on further devices if there are."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from torch import Tensor

from arcloop.config import TrainingConfig
from arcloop.model.language import LanguageModel
from arcloop.training.optimization import Optimization
from arcloop.training.port import Fit, Fitting
from arcloop.training.processes import ALONE, Processes
from arcloop.training.rows import Row, encode_rows

__all__ = ["Joining", "LoraTrainer", "take_steps"]

Joining = Callable[
    [LanguageModel, Sequence[Row], Sequence[Sequence[int]], Path | None, int], AbstractContextManager[Processes]
]
"""The model as it is now, the rows, the places of each batch's rows, the adapter to go on from, a seed → the processes that
take the steps of a training, this one among them."""


class LoraTrainer:
    """A ``Trainer`` of the adapter of a ``LanguageModel``; built once, used every round."""

    def __init__(self, model: LanguageModel, config: TrainingConfig, joining: Joining | None = None) -> None:
        """``config`` must have been resolved: its learning rate is set. ``joining``: other processes that train along."""
        self._model = model
        self._config = config
        self._joining: Joining = joining or (lambda *asked: nullcontext(ALONE))

    def fit(self, asked: Fitting) -> Fit:
        """See ``Trainer``. With no example that fits, the adapter is saved as it was."""
        model, config, rng = self._model, self._config, asked.rng
        model.use_adapter(asked.start)  # which decides on rank and kind, where it is the first
        adapter = model.trainable_adapter(config)
        rows, dropped = encode_rows(model, asked.examples, config.max_tokens)
        before = {name: p.detach().clone() for name, p in adapter.parameters.items()}
        batches = [batch for _ in range(config.epochs) for batch in _batches(len(rows), config, rng)]
        seed = rng.getrandbits(63)
        losses: list[float] = []
        with self._joining(model, rows, batches, asked.start, seed) as processes:
            for loss in take_steps(model, config, rows, batches, seed, processes):
                losses.append(loss)
                asked.on_step(len(losses), len(batches), loss)
        adapter.save(asked.out)
        change, norm = _distance(adapter.parameters, before), _distance(adapter.parameters, adapter.initial)
        return Fit(len(rows), dropped, len(losses), tuple(losses), change, norm)


def take_steps(
    model: LanguageModel,
    config: TrainingConfig,
    rows: Sequence[Row],
    batches: Sequence[Sequence[int]],
    seed: int,
    processes: Processes,
) -> Iterator[float]:
    """Train the adapter in the model on the batches, places of rows each; yields the loss of each step, once it is taken."""
    parameters = model.trainable_adapter(config).parameters
    optimization = Optimization(model, parameters, config, len(batches), seed, processes)
    for batch in batches:
        yield optimization.step([rows[place] for place in batch]).loss


def _distance(weights: Mapping[str, Tensor], origin: Mapping[str, Tensor]) -> float:
    squares = [(w.detach() - origin[name]).double().square().sum().item() for name, w in weights.items()]
    return float(sum(squares) ** 0.5)


def _batches(count: int, config: TrainingConfig, rng: random.Random) -> Iterator[list[int]]:
    places = rng.sample(range(count), count)
    for start in range(0, count, config.batch_size):
        yield places[start : start + config.batch_size]
