"""A configuration → the embedded model's network, untrained."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from arcloop.config import PretrainConfig
from arcloop.model import attention
from arcloop.seeds import seed_of

__all__ = ["new_network"]


def new_network(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama of the configured shape with random weights that follow from the seed, input and output embeddings tied."""
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
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(config.seed, "weights") % 2**63)
        network = LlamaForCausalLM(shape)
    attention.install(network)
    return network
