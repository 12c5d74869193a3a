"""What ``arcloop plan`` says of memory is what a run chooses, and what does not fit is told with a remedy."""

import dataclasses

import pytest

from arcloop.config import Config, EngineConfig, LoadingConfig, SamplingConfig, TrainingConfig
from arcloop.footprint.fit import fit
from arcloop.footprint.outlook import free_of, outlook
from tests.footprint.test_fit import GIB, LARGE, SMALL

CONFIG = Config(
    "arc1-eval",
    model="models/large",
    sampling=SamplingConfig(max_tokens=1024, max_prompt_tokens=10_000),
    training=TrainingConfig(learning_rate=1e-5),
)


@pytest.mark.parametrize("card", [24, 80])
def test_what_is_planned_is_what_is_chosen(card: int) -> None:
    first, search, learning = outlook(LARGE, CONFIG, free_of(card))
    found = fit(LARGE, free_of(card), CONFIG.loading, CONFIG.sampling, CONFIG.training)
    assert found.searching is not None and found.learning is not None and found.sampling is not None
    assert first == f"{card - 0.6:.1f} GiB free on each device"
    assert search.startswith(f"search {found.searching.total / GIB:.1f} GiB, weights {5.3 if card == 24 else 15.0}")
    assert f"{found.sampling.rows} rows" in search
    assert learning.startswith(f"learning {found.learning.total / GIB:.1f} GiB") and "packs of 4,096" in learning


def test_a_run_without_a_learning_or_a_network_has_none() -> None:
    assert len(outlook(LARGE, dataclasses.replace(CONFIG, rounds=1), free_of(80))) == 2
    assert outlook(LARGE, dataclasses.replace(CONFIG, sampler="grammar"), free_of(80)) == []
    server = dataclasses.replace(CONFIG, sampler="openai")
    assert [line.split()[0] for line in outlook(LARGE, server, free_of(80))] == ["79.4", "learning"]
    assert outlook(LARGE, dataclasses.replace(server, rounds=1), free_of(80)) == []


def test_what_does_not_fit_is_told_with_a_remedy() -> None:
    whole = dataclasses.replace(CONFIG, loading=LoadingConfig(use_4bit_quantization=False))
    (line,) = outlook(LARGE, whole, free_of(12))
    assert line.startswith("does not fit: ") and "11.4 GiB free" in line and "--loading.use-4bit-quantization" in line


def test_without_a_gpu_the_smallest_card_is_named() -> None:
    first, *_ = outlook(SMALL, CONFIG, None)
    card = int(first.split()[3])
    assert first == f"a GPU of {card} GiB is enough"
    assert outlook(SMALL, CONFIG, free_of(card))[0].startswith(f"{card - 0.6:.1f}")
    whole = dataclasses.replace(CONFIG, loading=LoadingConfig(use_4bit_quantization=False))
    larger, *_ = outlook(LARGE, whole, None)
    assert int(larger.split()[3]) > card


def test_an_engine_takes_its_share_and_needs_room_for_a_completion() -> None:
    vllm = dataclasses.replace(CONFIG, sampler="vllm")
    _, search, learning = outlook(LARGE, vllm, free_of(48))
    assert (
        search.startswith(f"search {0.85 * 47.4:.1f} GiB for vLLM, weights in 16 bits 15.0") and "learning" in learning
    )
    (line,) = outlook(LARGE, dataclasses.replace(vllm, rounds=1), free_of(16))
    assert line.startswith("does not fit: a search by vLLM has 13.1 GiB") and "tensor-parallel-size 2" in line
    two = dataclasses.replace(vllm, rounds=1, engine=EngineConfig(tensor_parallel_size=2))
    assert "weights in 16 bits 7.5" in outlook(LARGE, two, free_of(16))[1]
