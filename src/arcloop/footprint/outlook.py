"""Sizes, settings and a card's memory → what a run will take of it, in lines for ``arcloop plan``.

Pure. What is chosen is what a run chooses on such a card (``fit``).
"""

import dataclasses

from arcloop.config import Config, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.footprint.estimate import Need, weight_bytes
from arcloop.footprint.fit import Fitted, fit
from arcloop.model.shape import Shape

__all__ = ["CARDS", "free_of", "outlook"]

_GIB = 2**30
CARDS = (8, 12, 16, 24, 32, 40, 48, 80, 141)
"""Memory of usual cards, in GiB."""
_TAKEN = 0.6
"""GiB of a card that are never free: the driver's, and a context's."""


def free_of(card: float) -> int:
    """Bytes that are free on a card of so many GiB."""
    return int(max(0.0, card - _TAKEN) * _GIB)


def outlook(shape: Shape, config: Config, free: int | None, rank: int = 0) -> list[str]:
    """What the search and the learning of a resolved configuration take; empty where no network is computed here.

    ``free``: bytes of each device; None = there is none here, so the smallest card is named on which it fits. ``rank``: of
    the adapter that is searched with where nothing is learned.
    """
    training = config.training if config.learns else None
    if not config.computes:
        return []
    if free is not None:
        return _on(shape, config, training, free, rank, f"{free / _GIB:.1f} GiB free on each device")
    for card in CARDS:
        lines = _on(shape, config, training, free_of(card), rank, f"a GPU of {card} GiB is enough")
        if not lines[-1].startswith("does not fit"):
            return lines
    return lines


def _on(shape: Shape, config: Config, training: TrainingConfig | None, free: int, rank: int, begin: str) -> list[str]:
    try:
        if config.sampler == "transformers":
            found, search = fit(shape, free, config.loading, config.sampling, training, rank), ""
        else:
            search = _engine(shape, config, free) if config.sampler == "vllm" else ""
            # These have the weights in 4 bits only where that is asked for.
            loading = dataclasses.replace(
                config.loading, use_4bit_quantization=bool(config.loading.use_4bit_quantization)
            )
            found = Fitted(loading, None, None, "")
            if training is not None:
                found = fit(shape, free, loading, None, training)
    except ConfigError as error:
        return [f"does not fit: {str(error).removeprefix('memory: ').replace(' on this GPU', '')}"]
    lines = [begin]
    if found.searching is not None and (sampling := found.sampling) is not None:
        search = (
            f"search {_told(found.searching)}, {found.searching.kept / _GIB:.1f} of it for keys and values: {sampling.rows} "
            f"rows, {sampling.prefill_tokens or 0:,} prompt tokens at once"
        )
    lines += [search] if search else []
    if found.learning is not None and (settings := found.training) is not None:
        checkpointing = "" if settings.gradient_checkpointing else "no "
        lines.append(
            f"learning {_told(found.learning)}: packs of {settings.pack_tokens or 0:,} tokens, {checkpointing}gradient checkpointing"
        )
    return lines


def _engine(shape: Shape, config: Config, free: int) -> str:
    """What vLLM takes of each of its devices.

    Raises:
        ConfigError: there is no room for one prompt with its completion.
    """
    engine, sampling = config.engine, config.sampling
    devices = engine.tensor_parallel_size
    taken = engine.gpu_memory_utilization * free
    bits = {None: 16, "bitsandbytes": 4}.get(engine.quantization, 8)
    weights = weight_bytes(shape, bits == 4, bits // 8 or 1) / devices
    each = shape.kept(2) / devices
    longest = (sampling.max_prompt_tokens or 1) + (sampling.max_tokens or 1)
    if taken - weights < each * longest:
        raise ConfigError(
            f"a search by vLLM has {taken / _GIB:.1f} GiB, of which weights in {bits} bits take {weights / _GIB:.1f}; expected room "
            f"for {longest:,} tokens beside them ({each * longest / _GIB:.1f} GiB) — --engine.tensor-parallel-size {2 * devices}, or "
            "--engine.quantization bitsandbytes"
        )
    return (
        f"search {taken / _GIB:.1f} GiB for vLLM, weights in {bits} bits {weights / _GIB:.1f} and room for "
        f"{(taken - weights) / (each * longest):.1f} completions of the longest prompts of it"
    )


def _told(need: Need) -> str:
    return f"{need.total / _GIB:.1f} GiB, weights {need.weights / _GIB:.1f}"
