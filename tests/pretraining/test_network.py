"""The network to be pretrained: from nothing, from a model, and larger than the model that it goes on from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from arcloop.config import PretrainConfig
from arcloop.errors import ConfigError
from arcloop.model.language import LanguageModel
from arcloop.pretraining.muon import Muon, orthogonal
from arcloop.pretraining.network import new_network


@pytest.fixture
def start(small: PretrainConfig, model: LanguageModel, tmp_path: Path) -> str:
    """The folder of a small model whose weights are no longer those of its seed."""
    network = new_network(small, model.tokenizer)
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=noise))
    network.save_pretrained(tmp_path / "start")
    return str(tmp_path / "start")


def logits(network: torch.nn.Module, length: int = 40) -> torch.Tensor:
    ids = torch.arange(length)[None] % 7
    with torch.inference_mode():
        found: torch.Tensor = network(input_ids=ids, segments=[length]).logits
    return found


@pytest.mark.parametrize("more", [{}, {"layers": 1}, {"layers": 3}, {"inner": 40}, {"layers": 2, "inner": 8}])
def test_a_larger_network_begins_as_the_function_of_the_model_that_it_goes_on_from(
    small: PretrainConfig, model: LanguageModel, start: str, more: dict[str, int]
) -> None:
    size = {name: getattr(small, name) + by for name, by in more.items()}
    given = new_network(replace(small, start=start), model.tokenizer)
    grown = new_network(replace(small, start=start, **size), model.tokenizer)
    torch.testing.assert_close(logits(grown), logits(given), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(logits(new_network(small, model.tokenizer)), logits(given), atol=1e-2)
    loss = grown(input_ids=torch.arange(20)[None], labels=torch.arange(20)[None], segments=[20]).loss
    loss.backward()
    learns = {name for name, p in grown.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert {
        name for name, _ in grown.named_parameters() if name.endswith(("o_proj.weight", "down_proj.weight"))
    } <= learns


@pytest.mark.parametrize("less", [{"inner": 24}, {"width": 8}, {"width": 32}])
def test_a_smaller_network_than_the_model_is_refused(
    small: PretrainConfig, model: LanguageModel, start: str, less: dict[str, int]
) -> None:
    assert all(getattr(small, name) != size for name, size in less.items())
    with pytest.raises(ConfigError, match="--start"):
        new_network(replace(small, start=start, **less), model.tokenizer)


def test_muon_makes_the_steps_of_torch() -> None:
    ours, theirs = ([torch.nn.Parameter(p.clone()) for p in _matrices()] for _ in range(2))
    optimizers = [Muon(ours, lr=0.1), torch.optim.Muon(theirs, lr=0.1, weight_decay=0.0)]
    for step in range(3):
        for parameters in (ours, theirs):
            for number, parameter in enumerate(parameters):
                parameter.grad = torch.randn(
                    parameter.shape, generator=torch.Generator().manual_seed(10 * step + number)
                )
        for optimizer in optimizers:
            optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=0.02, atol=0.01)  # theirs are computed in bfloat16
    assert optimizers[0].state_dict()["state"].keys() == optimizers[1].state_dict()["state"].keys()


def test_orthogonal_matrices_have_singular_values_near_one() -> None:
    for matrix in orthogonal(torch.stack([m for m in _matrices() if m.shape == (24, 16)])):
        assert 0.6 < torch.linalg.svdvals(matrix).min() <= torch.linalg.svdvals(matrix).max() < 1.3


def _matrices() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator) for shape in ((24, 16), (16, 24), (24, 16), (16, 16))]
