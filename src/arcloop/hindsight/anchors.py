"""Rows from what a model was trained on: learning on them too keeps it from forgetting how to write programs.

The embedded model's come from the grammar that made it, fresh ones every time; another model's
from a file, if there is one.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from arcloop.config import AnchorsConfig
from arcloop.exercises.exercise import example_of, sample_exercise
from arcloop.prompts.format import PromptFormat
from arcloop.records import Example
from arcloop.seeds import generator

__all__ = ["Anchors"]

_KEPT = 4096
"""Rows of a file that are drawn from, at the most."""


class Anchors:
    """Where a run's anchor rows come from."""

    def __init__(
        self, anchors: AnchorsConfig, words: PromptFormat, read: Callable[[str], Iterable[Example]] | None = None
    ) -> None:
        """``read`` gives the rows of a training set as the model is shown them; it is needed if ``anchors`` has a path."""
        self._anchors = anchors
        self._words = words
        self._read = read
        self._rows: list[Example] | None = None

    def rows(self, examples: int, rng: random.Random) -> list[Example]:
        """The rows that belong to so many examples; ids ``anchor/<number>``.

        Raises:
            ExampleError: the training set cannot be read.
        """
        share = self._anchors.share
        count = round(examples * share / (1 - share))
        if not count:
            return []
        if self._anchors.path is not None:
            rows = self._file(self._anchors.path)
            drawn = [rng.choice(rows) for _ in range(count)] if rows else []
        elif self._words.template == "compact":
            drawn = [example_of(sample_exercise(rng), self._words) for _ in range(count)]
        else:
            drawn = []
        return [replace(row, id=f"anchor/{i}") for i, row in enumerate(drawn)]

    def _file(self, path: str) -> list[Example]:
        """Rows of the file, drawn evenly over all of it, read once."""
        if self._rows is None:
            if self._read is None:
                raise ValueError("anchors from a file; expected a reader of training sets")
            rng, kept = generator("anchors"), []
            for number, row in enumerate(self._read(path)):
                if number < _KEPT:
                    kept.append(row)
                elif (place := rng.randrange(number + 1)) < _KEPT:
                    kept[place] = row
            self._rows = kept
        return self._rows
