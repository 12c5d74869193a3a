"""A configuration → the embedded model, untrained or with the weights of the model to go on from."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from arcloop.config import PretrainConfig
from arcloop.errors import ConfigError
from arcloop.model import attention
from arcloop.model.language import LanguageModel, chat_text
from arcloop.prompts.format import PromptFormat
from arcloop.seeds import seed_of

__all__ = ["checked_start", "new_model", "new_network"]

_WEIGHTS = "model.safetensors"
_ADDS = ("o_proj.weight", "down_proj.weight")
"""Matrices of a block that write into the stream."""


def checked_start(start: str) -> Path:
    """The folder of the model to go on from.

    Raises:
        ConfigError: it holds no weights.
    """
    folder = Path(start)
    if not (folder / _WEIGHTS).is_file():
        raise ConfigError(f"--start {start}: no {_WEIGHTS} in it; expected the folder of a model — check the path")
    return folder


def new_model(config: PretrainConfig, folder: Path) -> LanguageModel:
    """The model to be trained, with the tokenizer in the folder; raises as ``new_network`` does."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    prompt_format = PromptFormat("compact", lambda messages: chat_text(tokenizer, messages))
    return LanguageModel("embedded", new_network(config, tokenizer), tokenizer, prompt_format)


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
    """The given weights in the network's places; where it is larger, it computes what the given one does.

    Further blocks, spread between those given, begin by adding nothing to the stream, and so do further units of a block.
    """
    given = load_file(folder / _WEIGHTS)
    layers, count = network.config.num_hidden_layers, 1 + max(_layer(name) for name in given)
    grown = max(layers, count)
    places = {(i + 1) * grown // count - 1: i for i in range(count)}
    taken: set[str] = set()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            at = _layer(name)
            if at >= 0 and at not in places:
                if name.endswith(_ADDS):
                    parameter.zero_()
                continue
            source = name.replace(f".layers.{at}.", f".layers.{places.get(at)}.")
            taken.add(source)
            _copy(name, given.get(source), parameter, folder)
    if left := set(given) - taken - {"lm_head.weight"}:
        raise ConfigError(
            f"--start {folder}: {len(left)} tensors too many; expected at most {layers} layers — give its own number or more"
        )


def _layer(name: str) -> int:
    """The block that a tensor belongs to; -1 for embeddings and the last norm."""
    _, found, rest = name.partition(".layers.")
    return int(rest.partition(".")[0]) if found else -1


def _fits(given: torch.Size, wanted: torch.Size, units: int | None) -> bool:
    sizes = list(enumerate(zip(given, wanted, strict=False)))
    return len(given) == len(wanted) and all(
        has == needs or (has < needs and axis == units) for axis, (has, needs) in sizes
    )


def _copy(name: str, tensor: torch.Tensor | None, parameter: torch.Tensor, folder: Path) -> None:
    # The axis of a block's units, of which there may be more.
    units = 1 if name.endswith("down_proj.weight") else 0 if ".mlp." in name else None
    if tensor is None or not _fits(tensor.shape, parameter.shape, units):
        has = "nothing" if tensor is None else f"the shape {tuple(tensor.shape)}"
        raise ConfigError(
            f"--start {folder}: {name} has {has}; expected {tuple(parameter.shape)} — give the width and heads that it was"
            " made with, and as many layers and inner or more"
        )
    if name.endswith("down_proj.weight"):
        parameter.zero_()
    parameter[tuple(slice(size) for size in tensor.shape)] = tensor
