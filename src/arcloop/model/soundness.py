"""Is the network that transformers has loaded the one in its files, whole, and one that arcloop can compute with?

transformers makes up what a checkpoint lacks, leaves out what its configuration does not ask for, and at the most warns of
it. Every check raises ``ValueError``. None tells whether a model is any good.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import cast

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from arcloop.model import attention

__all__ = ["check_computing", "check_settings", "check_weights"]

_IN_LAYER = re.compile(r"(\D*\.)(\d+)\.(.+)")
"""A name in one of many layers: what they are all in, which it is, and the name in it."""


def check_weights(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, missing: Collection[str], unexpected: Collection[str]
) -> None:
    """Raise for weights that were made up or left out, that are no numbers, or that are too few.

    ``missing``: names that the checkpoint lacks; ``unexpected``: names in it that the network lacks.
    """
    if missing:
        raise ValueError(f"its checkpoint lacks {len(missing)} tensors, such as {min(missing)}")
    if beyond := _layers_beyond(network, unexpected):
        raise ValueError(
            f"its checkpoint has {len(beyond)} layers that its config.json leaves out, such as {beyond[0]}"
        )
    for parameter_name, parameter in network.named_parameters():
        # Of bytes some kinds have no such numbers, and no such question.
        told = parameter.is_floating_point() and parameter.element_size() > 1 and not parameter.is_meta
        if told and not torch.isfinite(parameter).all():
            raise ValueError(f"its {parameter_name} is not finite")
    rows = cast(nn.Embedding, network.get_input_embeddings()).weight.shape[0]
    token, highest = max(tokenizer.get_vocab().items(), key=lambda item: item[1])
    if highest >= rows:
        raise ValueError(f"its tokenizer has ids up to {highest} ({token!r:.40}), its embedding {rows} rows")


def _layers_beyond(network: PreTrainedModel, unexpected: Iterable[str]) -> list[str]:
    """Layers of the checkpoint that are like those of the network, and not in it.

    Others are harmless: a vision tower is another stack, and a layer that predicts further tokens has weights that the
    network's have not.
    """
    there = [name for name, _ in (*network.named_parameters(), *network.named_buffers())]
    own, others = (_layers(names, network.base_model_prefix) for names in (there, unexpected))
    like: dict[str, set[str]] = defaultdict(set)
    for (stack, index), names in own.items():
        # Old checkpoints have buffers in every layer that no network asks for any more.
        like[stack] |= names | others.get((stack, index), set())
    beyond = [place for place, names in others.items() if place not in own and names <= like[place[0]]]
    return [f"{stack}{index}" for stack, index in sorted(beyond, key=lambda place: (place[0], int(place[1])))]


def _layers(names: Iterable[str], prefix: str) -> dict[tuple[str, str], set[str]]:
    """(Stack, index) → names in that layer; a checkpoint of the bare network lacks the prefix."""
    layers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        if found := _IN_LAYER.fullmatch(name.removeprefix(f"{prefix}.")):
            layers[found[1], found[2]].add(found[3])
    return layers


def check_settings(network: PreTrainedModel) -> None:
    """Raise for settings that ``LanguageModel`` would pass over or cannot read."""
    # Some architectures change the logits after their last layer; ``LanguageModel.logits`` does not.
    for setting in ("final_logit_softcapping", "logit_scale", "logits_scaling"):
        if getattr(network.config, setting, None) not in (None, 1, 1.0):
            raise ValueError(f"its {setting} is not supported")
    declared = network.generation_config.eos_token_id if network.generation_config else None
    ids = declared if isinstance(declared, list) else [] if declared is None else [declared]
    if any(type(token) is not int for token in ids):
        raise ValueError(
            f"its generation_config.json has eos_token_id {declared!r:.40}, no token id and no list of them"
        )


def check_computing(network: PreTrainedModel) -> None:
    """Raise unless attention, replaced by ours, is all by which a token's state depends on those before it."""
    # Convolutions and recurrent layers remember more than attention does, and some classes pass attention's arguments over.
    if network.config._attn_implementation != attention.NAME:
        raise ValueError("its attention cannot be replaced, which arcloop needs")
    ids = torch.tensor([[5, 6, 5, 6]], device=network.device)
    with torch.inference_mode():
        rows = network.base_model(
            input_ids=ids,
            position_ids=torch.tensor([[0, 1, 0, 1]], device=network.device),
            use_cache=False,
            segments=attention.Segments((2, 2)),
        ).last_hidden_state[0]
    if not torch.isfinite(rows).all() or not rows.any():
        raise ValueError("what it computes is not finite, or nothing but zeros")
    exact = rows.dtype == torch.float32 and not getattr(network, "is_quantized", False)
    apart = float((rows[:2] - rows[2:]).float().norm() / rows.float().norm())
    if not apart < (1e-5 if exact else 0.05):
        raise ValueError("it remembers across packed rows by other means than attention, which arcloop does not know")
