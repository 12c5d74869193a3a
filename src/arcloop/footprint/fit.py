"""Sizes, free bytes and settings → the settings that were left open, so that a run fits into a GPU's memory.

Pure: what is asked of the device is asked elsewhere. What a user has set stays as it is.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from arcloop.config import LoadingConfig, SamplingConfig, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.footprint.estimate import Need, sampling_need, training_need
from arcloop.model.shape import Shape

__all__ = ["Fitted", "fit", "usable"]

_GIB = 2**30
_PACKS = (4096, 2048, 1024, 512)
_PREFILLS = (32_768, 16_384, 8192, 4096, 2048, 1024, 512, 256)
_ROWS = (128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
_READING = 0.25
"""Share of what the weights leave free that reading prompts may take; the rest is for keys and values."""
_TRAINED = 1024
"""Tokens of a pass that are learned, at a guess; few logits are kept in any case."""


@dataclass(frozen=True)
class Fitted:
    """Settings without an open one, and why."""

    loading: LoadingConfig
    sampling: SamplingConfig | None
    training: TrainingConfig | None
    reason: str
    """One line for the user."""
    searching: Need | None = None
    """What a search takes with them, as far as there is one."""
    learning: Need | None = None
    """What a training step takes with them, likewise."""


def usable(free: int) -> float:
    """Bytes of the free ones that can be planned with: the allocator loses some, and libraries have workspaces."""
    return 0.92 * free - 0.75 * _GIB


def fit(
    shape: Shape,
    free: int,
    loading: LoadingConfig,
    sampling: SamplingConfig | None,
    training: TrainingConfig | None,
    rank: int = 0,
    *,
    four_bit_possible: bool = True,
) -> Fitted:
    """Choose what was left open: weights in 16 bits where all fits with them and as many rows do as with 4, else in 4.

    ``free``: bytes, before the weights are loaded. ``sampling``: resolved settings of the search, None = there is none
    here; ``training``: those of the adapter's training, None = nothing is learned; ``rank``: of the adapter that is searched with in that
    case. ``four_bit_possible``: is
    bitsandbytes there?

    Raises:
        ConfigError: it does not fit, whatever is chosen.
    """
    asked = loading.use_4bit_quantization
    if asked is not None or not four_bit_possible:
        return _Fitting(shape, free, loading, bool(asked)).both(sampling, training, rank)
    try:
        whole = _Fitting(shape, free, loading, False).both(sampling, training, rank)
        why = "16 bits leave room for fewer rows"
    except ConfigError:
        whole, why = None, "16 bits do not fit"
    if whole is not None and (whole.sampling is None or (whole.sampling.rows or 0) >= _ROWS[0]):
        return whole
    found = _Fitting(shape, free, loading, True).both(sampling, training, rank)
    if whole is not None and _rows(found) <= _rows(whole):
        return whole
    return dataclasses.replace(found, reason=found.reason.replace(" 4-bit weights", f" 4-bit weights, since {why}", 1))


def _rows(fitted: Fitted) -> int:
    return 0 if fitted.sampling is None else fitted.sampling.rows or 0


class _Fitting:
    """With weights in so many bits."""

    def __init__(self, shape: Shape, free: int, loading: LoadingConfig, four_bit: bool) -> None:
        self._shape, self._free, self._four_bit = shape, free, four_bit
        self._room = usable(free)
        self._loading = dataclasses.replace(loading, use_4bit_quantization=four_bit)
        self._size = 4 if loading.dtype == "float32" else 2
        self._bits = 4 if four_bit else 8 * self._size
        self._searching: Need | None = None
        self._learning: Need | None = None

    def both(self, sampling: SamplingConfig | None, training: TrainingConfig | None, rank: int) -> Fitted:
        facts: list[str] = []
        rank = rank if training is None else training.lora_r
        if training is not None:
            training = self._train(training, sampling, facts)
        if sampling is not None:
            sampling = self._search(sampling, rank, facts)
        reason = f"memory: {self._free / _GIB:.1f} GiB free; {self._bits}-bit weights; {'; '.join(facts)} (estimated)"
        return Fitted(self._loading, sampling, training, reason, self._searching, self._learning)

    def _train(self, given: TrainingConfig, sampling: SamplingConfig | None, facts: list[str]) -> TrainingConfig:
        checkpointing = given.gradient_checkpointing is not False
        longest = given.max_tokens
        if sampling is not None and sampling.max_prompt_tokens and sampling.max_tokens:
            # Rows are what the search has seen and written, and a little: relabeled grids may be larger.
            longest = min(longest, sampling.max_prompt_tokens + sampling.max_tokens)

        def need(tokens: int) -> Need:
            trained = min(tokens, _TRAINED)
            return training_need(
                self._shape, given, tokens, trained, four_bit=self._four_bit, checkpointing=checkpointing, size=self._size
            )  # fmt: skip

        if not given.packing:
            longest *= given.per_device_train_batch_size
        if need(longest).total > self._room:
            self._refuse("a training step", need(longest).total, self._cure(given, need, longest))
        # A longer example goes alone, so packs need be no shorter than what has to fit in any case.
        pack = given.pack_tokens or max(
            (p for p in _PACKS if p <= longest or need(p).total <= self._room), default=_PACKS[-1]
        )
        if need(pack).total > self._room:
            fits = _most(range(pack, longest, -256), lambda tokens: need(tokens).total <= self._room) or longest
            self._refuse("a training step", need(pack).total, f"--training.pack-tokens {fits}")
        self._learning = need(max(pack, longest))
        facts.append(
            f"a training step {self._learning.total / _GIB:.1f} GiB with rows of {longest:,} tokens, packs of {pack:,}"
            f" and {'' if checkpointing else 'no '}gradient checkpointing"
        )
        return dataclasses.replace(given, gradient_checkpointing=checkpointing, pack_tokens=pack)

    def _cure(self, given: TrainingConfig, need: Callable[[int], Need], longest: int) -> str:
        if given.gradient_checkpointing is False:
            with_it = training_need(
                self._shape, given, longest, min(longest, _TRAINED), four_bit=self._four_bit, checkpointing=True,
                size=self._size,
            )  # fmt: skip
            if with_it.total <= self._room:
                return "--training.gradient-checkpointing"
        fits = _most(range(longest - longest % 256, 0, -256), lambda tokens: need(tokens).total <= self._room)
        if fits:
            return f"--training.max-tokens {fits // max(1, 1 if given.packing else given.per_device_train_batch_size)}"
        return self._weights_cure()

    def _search(self, given: SamplingConfig, rank: int, facts: list[str]) -> SamplingConfig:
        prompt, completion = given.max_prompt_tokens or 1, given.max_tokens or 1
        each = self._shape.kept(self._size)

        def need(rows: int, prefill: int, prompt: int, cache: float) -> Need:
            return sampling_need(
                self._shape, rank, four_bit=self._four_bit, prefill=prefill, rows=rows,
                prompt=prompt, completion=completion, cache=cache, size=self._size,
            )  # fmt: skip

        def left(rows: int, prefill: int, prompt: int) -> float:
            """Bytes for keys and values."""
            return self._room - need(rows, prefill, prompt, 0).total

        def least(rows: int, prompt: int) -> float:
            """Bytes of keys and values without which nobody is decoded: one prompt with its completions."""
            return float(each * (prompt + min(rows, given.completions_per_prompt) * completion))

        static = need(1, 1, 1, 0)
        open_ = self._room - static.weights - static.adapter
        prefill = given.prefill_tokens or next(
            (p for p in _PREFILLS if need(1, p, prompt, 0).passing <= _READING * open_), _PREFILLS[-1]
        )
        ways = [given.rows] if given.rows else _ROWS
        rows = next((r for r in ways if left(r, prefill, prompt) >= least(r, prompt)), None)
        if rows is None:
            self._refuse(
                "a search", static.total + least(ways[-1], prompt), self._search_cure(given, left, least, prefill)
            )
        cache = given.cache_gib or round(left(rows, prefill, prompt) / _GIB, 2)
        if cache * _GIB > left(rows, prefill, prompt) + 0.01 * _GIB:
            fits = math.floor(10 * left(rows, prefill, prompt) / _GIB) / 10
            self._refuse("a search", self._room + (cache - fits) * _GIB, f"--sampling.cache-gib {fits:.1f}")
        self._searching = need(rows, prefill, prompt, cache * _GIB)
        facts.append(
            f"a search with {rows} rows, {prefill:,} prompt tokens at once and {cache:.1f} GiB of keys and values"
        )
        return dataclasses.replace(given, rows=rows, prefill_tokens=prefill, cache_gib=cache)

    def _search_cure(
        self,
        given: SamplingConfig,
        left: Callable[[int, int, int], float],
        least: Callable[[int, int], float],
        prefill: int,
    ) -> str:
        prompt = given.max_prompt_tokens or 1
        for rows in _ROWS:
            if given.rows and rows < given.rows and left(rows, prefill, prompt) >= least(rows, prompt):
                return f"--sampling.rows {rows}"
        if given.prefill_tokens:
            fits = _most(_PREFILLS, lambda p: p < prefill and left(1, p, prompt) >= least(1, prompt))
            if fits:
                return f"--sampling.prefill-tokens {fits}"
        rows = given.rows or 1
        shorter = _most(range(prompt - prompt % 256, 0, -256), lambda p: left(rows, prefill, p) >= least(rows, p))
        return f"--sampling.max-prompt-tokens {shorter}" if shorter else self._weights_cure()

    def _weights_cure(self) -> str:
        return (
            "a larger GPU, or a smaller model" if self._four_bit else "--loading.use-4bit-quantization, or a larger GPU"
        )

    def _refuse(self, what: str, bytes_: float, cure: str) -> NoReturn:
        raise ConfigError(
            f"memory: {what} needs an estimated {bytes_ / _GIB:.1f} GiB with {self._bits}-bit weights, of"
            f" {self._free / _GIB:.1f} GiB free on this GPU {self._room / _GIB:.1f} can be planned with; expected no more —"
            f" it fits with {cure}"
        )


def _most(values: Iterable[int], fits: Callable[[int], bool]) -> int | None:
    return next((value for value in values if fits(value)), None)
