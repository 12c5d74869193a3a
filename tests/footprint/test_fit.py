"""What is chosen so that a run fits; a pure function, so no GPU is needed."""

import dataclasses
from itertools import pairwise

import pytest

from arcloop.config import LoadingConfig, SamplingConfig, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.footprint.estimate import sampling_need, training_need
from arcloop.footprint.fit import Fitted, fit, usable
from arcloop.model.shape import Shape, shape_of

GIB = 2**30
SMALL = Shape(28, 3072, 8192, 24, 8, 128, 128_256, tied=True)
LARGE = Shape(32, 4096, 14_336, 32, 8, 128, 128_256)
SEARCH = SamplingConfig(max_tokens=1024, max_prompt_tokens=10_000)
LEARN = TrainingConfig(learning_rate=1e-5)


def fitted(gib: float, shape: Shape = LARGE, loading: LoadingConfig | None = None, **others: object) -> Fitted:
    sampling = dataclasses.replace(SEARCH, **others.pop("sampling", {}))  # type: ignore[call-overload]
    training = dataclasses.replace(LEARN, **others.pop("training", {}))  # type: ignore[call-overload]
    return fit(shape, int(gib * GIB), loading or LoadingConfig(), sampling, training, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gib", "shape", "four_bit", "prefill"),
    [
        (15.4, LARGE, True, 4096),
        (23.4, LARGE, True, 16_384),
        (39.4, LARGE, False, 16_384),
        (79.4, LARGE, False, 32_768),
        (140.4, LARGE, False, 32_768),
        (11.4, SMALL, True, 8192),
        (15.4, SMALL, False, 8192),
    ],
)
def test_an_8b_and_a_3b_model_fit_cards_of_all_sizes_at_defaults(
    gib: float, shape: Shape, four_bit: bool, prefill: int
) -> None:
    found = fitted(gib, shape)
    sampling, training = found.sampling, found.training
    assert sampling is not None and training is not None and sampling.rows and sampling.cache_gib
    assert found.loading.use_4bit_quantization is four_bit and training.gradient_checkpointing
    assert (sampling.rows, sampling.prefill_tokens, training.pack_tokens) == (128, prefill, 4096)
    assert "\n" not in found.reason and found.reason.startswith(f"memory: {gib:.1f} GiB free; ")
    assert ("16 bits do not fit" in found.reason) == four_bit
    # And both phases are within what can be planned with.
    learns = training_need(shape, training, 10_000, 1024, four_bit=four_bit, checkpointing=True)
    searches = sampling_need(
        shape, 16, four_bit=four_bit, prefill=prefill, rows=128, prompt=10_000, completion=1024,
        cache=sampling.cache_gib * GIB,
    )  # fmt: skip
    assert max(learns.total, searches.total) <= usable(int(gib * GIB)) + 0.01 * GIB


def test_what_the_user_sets_wins() -> None:
    found = fitted(
        23.4,
        loading=LoadingConfig(use_4bit_quantization=True),
        sampling={"rows": 7, "prefill_tokens": 999, "cache_gib": 2.5},
        training={"pack_tokens": 777, "max_tokens": 2000, "gradient_checkpointing": True},
    )
    assert found.sampling == dataclasses.replace(SEARCH, rows=7, prefill_tokens=999, cache_gib=2.5)
    assert found.training is not None and found.training.pack_tokens == 777
    off = fitted(140.4, training={"gradient_checkpointing": False})
    assert off.training is not None and off.training.gradient_checkpointing is False
    assert off.loading.use_4bit_quantization is False


def test_a_search_alone_needs_no_room_for_learning() -> None:
    alone = fit(LARGE, int(23.4 * GIB), LoadingConfig(), SEARCH, None)
    assert alone.loading.use_4bit_quantization is False and alone.training is None
    assert fitted(23.4).loading.use_4bit_quantization is True
    # With 16 bits there would be room for a few rows.
    less = fit(LARGE, int(19.4 * GIB), LoadingConfig(), SEARCH, None)
    assert less.loading.use_4bit_quantization and less.sampling and less.sampling.rows == 128
    few = fit(LARGE, int(19.4 * GIB), LoadingConfig(use_4bit_quantization=False), SEARCH, None)
    assert few.sampling and few.sampling.rows and few.sampling.rows < 10
    assert "16 bits leave room for fewer rows" in less.reason


def test_less_memory_never_gives_more_at_once() -> None:
    found = [fitted(gib / 2, SMALL, LoadingConfig(use_4bit_quantization=True)).sampling for gib in range(15, 100)]
    for less, more in pairwise(found):
        assert less is not None and more is not None
        assert (less.rows or 0) <= (more.rows or 0) and (less.prefill_tokens or 0) <= (more.prefill_tokens or 0)


@pytest.mark.parametrize(
    ("gib", "given", "cure"),
    [
        (11.4, {}, "--training.max-tokens "),
        (7.4, {}, "a larger GPU, or a smaller model"),
        (23.4, {"loading": LoadingConfig(use_4bit_quantization=False)}, "--training.max-tokens "),
        (14.0, {"loading": LoadingConfig(use_4bit_quantization=False)}, "--loading.use-4bit-quantization"),
        (23.4, {"four_bit_possible": False}, "--training.max-tokens "),
        (23.4, {"training": {"gradient_checkpointing": False}}, "--training.gradient-checkpointing"),
        (23.4, {"training": {"pack_tokens": 100_000}}, "--training.pack-tokens "),
        (23.4, {"sampling": {"cache_gib": 50.0}}, "--sampling.cache-gib "),
        (15.4, {"sampling": {"rows": 4096}}, "--sampling.rows "),
        (15.4, {"sampling": {"prefill_tokens": 100_000}}, "--sampling.prefill-tokens "),
    ],
)
def test_what_cannot_fit_is_refused_with_a_setting_that_would(gib: float, given: dict[str, object], cure: str) -> None:
    with pytest.raises(ConfigError, match="it fits with") as caught:
        fitted(gib, **given)  # type: ignore[arg-type]
    text = str(caught.value)
    assert cure in text and "\n" not in text
    # A named number is one that fits, as far as it goes.
    option, _, number = text.rpartition("it fits with ")[2].partition(" ")
    if number.replace(".", "").isdigit():
        part, _, name = option.removeprefix("--").partition(".")
        value = float(number) if "." in number else int(number)
        mended = {**given, part: {**given.get(part, {}), name.replace("-", "_"): value}}  # type: ignore[dict-item]
        fitted(gib, **mended)  # type: ignore[arg-type]


def test_a_shape_is_what_a_configuration_says_and_none_where_it_says_too_little() -> None:
    said = {
        "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
        "vocab_size": 100, "tie_word_embeddings": False,
    }  # fmt: skip
    assert shape_of(said) == Shape(2, 64, 128, 4, 4, 16, 100)
    assert shape_of({"text_config": said | {"num_key_value_heads": 2, "head_dim": 32}}) == Shape(
        2, 64, 128, 4, 2, 32, 100
    )
    assert shape_of(said | {"hidden_size": "64"}) is None and shape_of({"n_layer": 2}) is None
