"""Programs as they are to be learned: simplified, in reading order, without comments, and with variants, as configured."""

import random
from collections.abc import Sequence

from arcloop.config import RelabelConfig
from arcloop.execution.port import Executor
from arcloop.rewriting.paintings import in_reading_order
from arcloop.rewriting.simplification import Trial, simplify, without_comments
from arcloop.rewriting.variation import variants

__all__ = ["rewrite", "runs_programs", "vary"]


def rewrite(trials: Sequence[Trial], config: RelabelConfig, executor: Executor | None) -> list[str]:
    """The source of each trial as it is to be written; it gives the same outputs on the trial's inputs.

    Raises:
        ValueError: programs have to be run for it, and there is no executor.
    """
    sources = [trial.source for trial in trials]
    if config.simplify:
        if executor is None:
            raise ValueError("simplifying runs programs; expected an executor")
        sources = simplify(trials, executor)
    if config.reading_order:
        sources = [in_reading_order(source) for source in sources]
    return sources if config.comments else [without_comments(source) for source in sources]


def vary(source: str, config: RelabelConfig, rng: random.Random) -> list[str]:
    """Up to ``config.variants`` other programs: see ``variation.variants``."""
    made = variants(source, config.variants, rng) if config.variants else []
    return [in_reading_order(one) for one in made] if config.reading_order else made


def runs_programs(config: RelabelConfig) -> bool:
    """Are programs to be run for these settings?"""
    return config.simplify or config.variants > 0
