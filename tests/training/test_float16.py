"""Training in float16, for cards without bfloat16: the loss is scaled, and no step is lost to a scale that was too large."""

import random
from collections.abc import Iterator

import pytest
import torch

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.errors import RunError
from arcloop.model.language import LanguageModel, load_model
from arcloop.model.precision import Dtype
from arcloop.training import optimization
from arcloop.training.optimization import Optimization
from arcloop.training.rows import Row

CONFIG = TrainingConfig(lora_r=8, learning_rate=1e-3)
RANDOM = random.Random(0)
ROWS = [Row(tuple(RANDOM.randrange(10, 1200) for _ in range(length)), 20, 1.0) for length in (32, 30)]
STEPS = 3


@pytest.fixture(scope="module")
def model() -> Iterator[LanguageModel]:
    yield load_model("embedded", loading=LoadingConfig(dtype="float16"))


def begin(model: LanguageModel) -> Optimization:
    adapter = model.trainable_adapter(CONFIG)
    adapter.reset()
    return Optimization(model, adapter.parameters, CONFIG, STEPS)


def weights(model: LanguageModel) -> torch.Tensor:
    assert model.adapter is not None
    return torch.cat([parameter.detach().flatten() for parameter in model.adapter.parameters.values()])


def test_losses_and_gradients_are_those_of_float32(model: LanguageModel) -> None:
    exact = begin(load_model("embedded", loading=LoadingConfig(dtype="float32")))
    rough = begin(model)
    for _ in range(STEPS):
        one, other = exact.step(ROWS), rough.step(ROWS)
        assert other.loss == pytest.approx(one.loss, rel=2e-3)
        assert other.grad_norm == pytest.approx(one.grad_norm, rel=2e-2)


def test_a_step_that_does_not_fit_is_taken_again_with_half_the_scale(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = begin(model)
    first = [work.step(ROWS) for _ in range(STEPS)]
    assert work.taken == STEPS and work._scale is not None and work._scale < optimization._SCALE
    found = weights(model)
    # As if that scale had been the first.
    monkeypatch.setattr(optimization, "_SCALE", work._scale)
    again = begin(model)
    assert [again.step(ROWS) for _ in range(STEPS)] == first
    assert torch.equal(weights(model), found)


def test_a_scale_that_held_for_long_is_doubled(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimization, "_STEADY", 2)
    work = begin(model)
    work._scale = 64.0
    for _ in range(STEPS):
        work.step(ROWS)
    assert (work._scale, work._steady) == (128.0, 1)


def test_it_goes_on_with_the_scale_that_it_had(model: LanguageModel) -> None:
    work = begin(model)
    work.step(ROWS)
    tensors, numbers = work.state()
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}  # as if written to a file
    kept = weights(model)
    rest = [work.step(ROWS) for _ in range(2)]
    end = weights(model)
    resumed = begin(model)
    torch.nn.utils.vector_to_parameters(kept, model.trainable_adapter(CONFIG).parameters.values())
    resumed.restore(1, tensors, numbers)
    assert (resumed._scale, resumed._steady) == (work._scale, 1)
    assert [resumed.step(ROWS) for _ in range(2)] == rest
    assert torch.equal(weights(model), end)


@pytest.mark.parametrize(("dtype", "where"), [("float16", " in float16"), ("float32", "")])
def test_what_is_no_number_at_any_scale_ends_the_training_in_one_line(
    dtype: Dtype, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model("embedded", loading=LoadingConfig(dtype=dtype))
    work = begin(model)
    before = weights(model)
    monkeypatch.setattr(
        optimization,
        "completion_loss",
        lambda model, rows, align: next(iter(work._parameters.values())).sum() * torch.inf,
    )
    with pytest.raises(RunError, match=rf"step 1 is not finite{where}; .*pass --loading\.dtype float32"):
        work.step(ROWS)
    assert torch.equal(weights(model), before)
