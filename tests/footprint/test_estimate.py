"""The estimate beside the simulation, which runs the real trainer and sampler without content."""

import pytest

from arcloop.config import SamplingConfig, TrainingConfig
from arcloop.footprint.estimate import sampling_need, training_need
from arcloop.model.shape import shape_of
from experiments.memory_simulation import LLAMA_1B, LLAMA_8B, QWEN_7B, cut, sampling_peak, training_peak


@pytest.mark.parametrize(
    ("config", "four_bit", "checkpointing", "tokens"),
    [(LLAMA_8B, True, True, 6000), (LLAMA_8B, False, True, 4096), (LLAMA_1B, False, False, 4096), (QWEN_7B, True, False, 4096)],
    ids=["8B, 4-bit", "8B", "1B, all kept", "Qwen, 4-bit, all kept"],
)  # fmt: skip
def test_a_training_step_takes_what_is_estimated(
    config: object, four_bit: bool, checkpointing: bool, tokens: int
) -> None:
    network, training = cut(config, 2), TrainingConfig(learning_rate=1e-5, gradient_checkpointing=checkpointing)
    shape = shape_of(network)
    assert shape is not None
    simulated = training_peak(network, four_bit, training, tokens, 500)
    need = training_need(shape, training, tokens, 500, four_bit=four_bit, checkpointing=checkpointing)
    assert need.total == pytest.approx(simulated, rel=0.1)


@pytest.mark.parametrize(("four_bit", "prefill"), [(True, 4000), (False, 1000)])
def test_a_search_takes_what_is_estimated(four_bit: bool, prefill: int) -> None:
    network = cut(LLAMA_8B, 2)
    shape = shape_of(network)
    assert shape is not None
    sampling = SamplingConfig(max_tokens=256, max_prompt_tokens=2000, rows=16, prefill_tokens=prefill)
    simulated = sampling_peak(network, four_bit, 16, sampling, 2000)
    need = sampling_need(
        shape, 16, four_bit=four_bit, prefill=prefill, rows=16, prompt=2000, completion=256,
        cache=shape.kept(2) * (2 * 2000 + 16 * 256),
    )  # fmt: skip
    assert need.total == pytest.approx(simulated, rel=0.1)
