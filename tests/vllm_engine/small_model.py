"""A small random model that vLLM's CPU build can compute with, and two adapters of it.

The embedded model's heads are 48 wide, for which that build has no kernel.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from arcloop.config import AugmentConfig, SamplingConfig, TrainingConfig
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, load_model
from arcloop.prompts.format import make_prompts
from arcloop.records import Completion
from arcloop.sampling import Draw, Request, Sampler
from arcloop.sampling.transformers import TransformersSampler
from tests.arc_grids import FLIP

RANK = 8
SAMPLING = SamplingConfig(max_tokens=8, max_prompt_tokens=1016)


@dataclass(frozen=True)
class Small:
    """The model's folder, the model here, and the folders of two adapters."""

    folder: Path
    model: LanguageModel
    adapters: tuple[Path, Path]


def make_small(parent: Path) -> Small:
    folder = parent / "model"
    embedded = Path(model_folder("embedded"))
    torch.manual_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=json.loads((embedded / "config.json").read_text())["vocab_size"],
            hidden_size=128,
            head_dim=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=128,
            max_position_embeddings=1024,
            initializer_range=0.1,
            bos_token_id=0,
            eos_token_id=4,
            pad_token_id=5,
        )
    ).bfloat16().save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "arcloop.json"):
        shutil.copy(embedded / name, folder / name)
    model = load_model(str(folder))
    adapter = model.trainable_adapter(TrainingConfig(lora_r=RANK, lora_alpha=16))
    saved = []
    for name in ("a", "b"):
        with torch.no_grad():
            for parameter in adapter.parameters.values():
                parameter.normal_(0, 0.1)
        adapter.save(folder.parent / name)
        saved.append(folder.parent / name)
    adapter.reset()
    return Small(folder, model, (saved[0], saved[1]))


def requests(model: LanguageModel, prompts: int, draws: int, temperature: float = 1.0) -> list[Request]:
    made = make_prompts(FLIP, 0, prompts, 1, AugmentConfig(), model.format, seed=1)
    return [
        Request(p, tuple(Draw(f"{p.id}/d{k}", 1000 * n + k, temperature) for k in range(draws)))
        for n, p in enumerate(made)
    ]


def sample(sampler: Sampler, asked: list[Request]) -> dict[str, Completion]:
    made = list(sampler.sample(asked))
    assert len({completion.id for completion in made}) == len(made)
    return {completion.id: completion for completion in made}


def agree(sampler: Sampler, small: Small, adapter: Path | None) -> list[str]:
    """Check a greedy sampler against this process's network with the adapter; returns the texts."""
    ours = TransformersSampler(small.model, SAMPLING)
    ours.use_adapter(adapter)
    asked = requests(small.model, 6, 1, temperature=0)
    expected, made = sample(ours, asked), sample(sampler, asked)
    same = [i for i in expected if made[i].text == expected[i].text and made[i].tokens == expected[i].tokens]
    # The engine computes in bfloat16: near ties go either way, on some CPUs more often than on others, and the rest follows.
    assert len(same) >= len(asked) // 3
    for i in same:
        assert made[i].logprob == pytest.approx(expected[i].logprob, abs=0.2)
        assert made[i].finish_reason is expected[i].finish_reason
    return [made[i].text for i in sorted(made)]


def follows_the_adapter(sampler: Sampler, small: Small) -> None:
    """Check that every change of the adapter changes the completions and their log-probabilities, and back again."""
    a, b = small.adapters
    texts = []
    for adapter in (None, a, b, a, None):
        sampler.use_adapter(adapter)
        texts.append(agree(sampler, small, adapter))

    def common(i: int, j: int) -> int:
        return sum(x == y for x, y in zip(texts[i], texts[j], strict=True))

    assert common(0, 4) >= 4 and common(1, 3) >= 4
    assert max(common(0, 1), common(1, 2), common(0, 2)) <= 1
