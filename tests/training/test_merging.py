"""``arcloop merge``: the folder computes what model and adapter compute together."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from arcloop.cli.merge import main
from arcloop.config import TrainingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.model.language import LanguageModel, load_model


def logits(model: LanguageModel) -> Tensor:
    ids = torch.tensor([model.encode("def transform(input_grid):\n    return input_grid")])
    with torch.no_grad():
        return model.logits(model.hidden(ids, torch.arange(ids.shape[1])[None], segments=[ids.shape[1]]))


def adapter(folder: Path, config: TrainingConfig) -> Path:
    model = load_model("embedded")
    trained = model.trainable_adapter(config)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in trained.parameters.values():
            parameter.add_(0.05 * torch.randn_like(parameter))
    trained.save(folder)
    return folder


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(lora_r=4),
        TrainingConfig(lora_r=4, use_dora=True),
        # The embedded model's output layer shares its embeddings.
        TrainingConfig(lora_r=4, target_modules=("embed_tokens", "q_proj")),
    ],
    ids=["lora", "dora", "embeddings"],
)
def test_the_folder_is_a_model_that_computes_the_same(tmp_path: Path, config: TrainingConfig) -> None:
    with_adapter = load_model("embedded")
    with_adapter.use_adapter(adapter(tmp_path / "adapter", config))
    assert main([str(tmp_path / "adapter"), "--out", str(tmp_path / "merged")]) == 0
    merged = load_model(str(tmp_path / "merged"))
    # What is stored has eight bits of mantissa.
    expected, found, base = logits(with_adapter), logits(merged), logits(load_model("embedded"))
    assert (found - expected).abs().mean() < 0.1 * (base - expected).abs().mean()
    assert load_file(tmp_path / "merged" / "model.safetensors")["model.norm.weight"].dtype == torch.bfloat16
    assert (tmp_path / "merged" / "arcloop.json").is_file()


def test_what_cannot_be_merged_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a saved adapter"):
        main([str(tmp_path), "--out", str(tmp_path / "merged")])
    assert not (tmp_path / "merged").exists()
    (tmp_path / "there").touch()
    with pytest.raises(ConfigError, match="expected a new or empty folder"):
        main([str(tmp_path), "--out", str(tmp_path)])
