"""A configuration → the embedded model's network, untrained or with the weights of the model to go on from."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from arcloop.config import PretrainConfig
from arcloop.errors import ConfigError
from arcloop.model import attention
from arcloop.seeds import seed_of

__all__ = ["checked_start", "new_network"]

_WEIGHTS = "model.safetensors"


def checked_start(start: str) -> Path:
    """The folder of the model to go on from.

    Raises:
        ConfigError: it holds no weights.
    """
    folder = Path(start)
    if not (folder / _WEIGHTS).is_file():
        raise ConfigError(f"--start {start}: no {_WEIGHTS} in it; expected the folder of a model — check the path")
    return folder


def new_network(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama of the configured shape with tied embeddings; its weights follow from the seed, or are those of ``config.start``.

    Raises:
        ConfigError: the model to go on from has another shape.
    """
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        intermediate_size=config.inner,
        max_position_embeddings=16_384,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(config.seed, "weights") % 2**63)
        network = LlamaForCausalLM(shape)
    if config.start is not None:
        _take(network, checked_start(config.start))
    attention.install(network)
    return network


def _take(network: LlamaForCausalLM, folder: Path) -> None:
    given = load_file(folder / _WEIGHTS)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            tensor = given.pop(name, None)
            if tensor is None or tensor.shape != parameter.shape:
                has = "nothing" if tensor is None else f"the shape {tuple(tensor.shape)}"
                raise ConfigError(
                    f"--start {folder}: {name} has {has}; expected {tuple(parameter.shape)} — give the width, layers,"
                    " heads and inner that it was made with"
                )
            parameter.copy_(tensor)
    if left := set(given) - {"lm_head.weight"}:
        raise ConfigError(
            f"--start {folder}: {len(left)} tensors too many; expected {network.config.num_hidden_layers} layers — give its own number"
        )
