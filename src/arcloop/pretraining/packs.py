"""Process and step → the rows of that step, made in the training process or in others beside it.

What the rows are follows from the coordinates and from how large they may be, so it does not matter who makes them.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from torch.utils.data import DataLoader, Dataset

from arcloop.config import PretrainConfig
from arcloop.errors import ConfigError
from arcloop.exercises import exercise
from arcloop.model.language import LanguageModel
from arcloop.seeds import generator
from arcloop.training.rows import Row, encode_rows
from arcloop.training.session import examples
from arcloop.training.store import RowStore

__all__ = ["Course", "encode_row", "held_out_row", "packs", "sample_row", "store_replays"]


@dataclass
class Course:
    """Where the training stands; going over it gives (step, cells of a row at the most) for each step to come."""

    config: PretrainConfig
    step: int
    """The first step to come."""
    done: float
    """Share of the time that is over; what is made ahead has the cells of when it was asked for."""

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for step in count(self.step):
            yield step, self._cells()

    def _cells(self) -> int:
        easy = self.config.easy
        return round(self.config.cells * (min(1.0, 0.25 + 0.75 * self.done / easy) if easy else 1.0))


def packs(
    config: PretrainConfig, model: LanguageModel, rank: int, course: Course, replays: Sequence[Row] = ()
) -> Iterator[list[Row]]:
    """The rows of process ``rank``, step after step without end, made ``config.data_workers`` at a time.

    A step's rows are at least ``config.pack`` tokens together, and none is seen twice but ``replays``, also after a resume.
    """
    # Forked, so that they have the tokenizer and the real inputs at once; they never touch the network.
    context = "fork" if config.data_workers else None
    loader: DataLoader[list[Row]] = DataLoader(
        _Packs(config, model, rank, replays),
        batch_size=None,
        sampler=course,
        num_workers=config.data_workers,
        multiprocessing_context=context,
    )
    return iter(loader)


def held_out_row(config: PretrainConfig, number: int) -> exercise.Exercise:
    """A row that is never trained on, of the grammar alone: there are no solutions that training has not seen."""
    return sample_row(replace(config, solved=0.0), config.cells, "pretrain", "held-out", number)


def encode_row(model: LanguageModel, row: exercise.Exercise) -> Row:
    """The row in tokens, however long."""
    return encode_rows(model, [exercise.example_of(row, model.format)], sys.maxsize)[0][0]


def store_replays(config: PretrainConfig, model: LanguageModel, path: Path) -> RowStore:
    """The rows of the training sets that are learned beside the made ones, as far as they fit into a step, in the file ``path``.

    Raises:
        ExampleError: a set cannot be read, or one of its rows is no example.
        ConfigError: none of their rows is short enough.
    """
    rows = RowStore.build(
        path,
        (
            (row, example.task_id, source)
            for source, name in enumerate(config.replay_dataset_path)
            for example in examples(model, name)
            for row in encode_rows(model, [example], config.pack)[0]
        ),
    )
    if not rows:
        raise ConfigError(
            f"replay-dataset-path: no row of {', '.join(config.replay_dataset_path)} has at most {config.pack} tokens;"
            " expected at least one — raise --pack or give other sets"
        )
    return rows


def sample_row(config: PretrainConfig, cells: int, *coordinates: int | str) -> exercise.Exercise:
    """The row at these coordinates, of at most ``cells`` cells, as the configuration wants its rows."""
    return exercise.sample_exercise(
        generator(config.seed, *coordinates),
        max_cells=cells,
        drawing=config.drawing,
        steps=config.steps,
        refinement=config.refinement,
        solved=config.solved,
    )


class _Packs(Dataset[list[Row]]):
    """(step, cells) → the rows of that step of one process."""

    def __init__(self, config: PretrainConfig, model: LanguageModel, rank: int, replays: Sequence[Row]) -> None:
        self._config = config
        self._model = model
        self._rank = rank
        self._replays = replays

    def __getitem__(self, place: tuple[int, int]) -> list[Row]:
        step, cells = place
        pack: list[Row] = []
        total = 0
        while total < self._config.pack:
            pack.append(self._row(cells, self._rank, step, len(pack)))
            total += len(pack[-1].ids)
        return pack

    def _row(self, cells: int, *coordinates: int) -> Row:
        if self._replays:
            rng = generator(self._config.seed, "replay", *coordinates)
            if rng.random() < self._config.replay:
                return rng.choice(self._replays)
        return encode_row(self._model, sample_row(self._config, cells, "pretrain", *coordinates))
