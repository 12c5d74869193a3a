"""A model and an adapter → one model folder that computes what both compute together."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from arcloop.errors import RunError
from arcloop.model.adapter import attach_saved
from arcloop.model.card import model_folder
from arcloop.model.configuration import read_configuration
from arcloop.model.language import LanguageModel, load_model
from arcloop.model.refusing import refusing
from arcloop.model.weights import Weights

__all__ = ["merge"]

_WORDS = "def transform(input_grid):\n    return np.rot90(input_grid)"
"""What the merged model has to continue as both do together."""
_CLOSE = 0.01
"""Difference of logits that rounding explains, as a share of their spread."""


def merge(name: str, adapter: Path, out: Path) -> None:
    """Write the model ``name`` with the adapter's weights added to its own; ``out`` becomes a model folder.

    The sums are rounded to the type that the model's weights have in their files.

    Raises:
        ModelError: there is no such model.
        RunError: ``adapter`` holds no adapter of this model, or merging it gives another model than both together.
    """
    model = load_model(name)
    attached = attach_saved(model.network, name, adapter)
    attached.load(adapter)
    together = _logits(model)
    _untie(model.network)
    with refusing(
        lambda why: RunError(
            f"{adapter}: cannot be merged ({why}); expected an adapter that weights can stand for — keep it beside the model, "
            "with --adapter"
        )
    ):
        network = cast(PreTrainedModel, attached.peft.merge_and_unload(safe_merge=True))
    model.network = network
    if not (_logits(model) - together).abs().max() <= _CLOSE * together.std():  # nor if they are no numbers
        raise RunError(
            f"{adapter}: merged, it computes something else; expected an adapter that weights can stand for — keep it beside "
            "the model, with --adapter"
        )
    declared = read_configuration(model_folder(name)).dtype
    cast(nn.Module, network).to(declared or network.dtype)
    Weights(name, network, model.tokenizer).save(out)


def _untie(network: PreTrainedModel) -> None:
    """Give the output layer weights of its own where the adapter changes the embeddings that it shares."""
    embedding = network.get_input_embeddings()
    if network.config.tie_word_embeddings and hasattr(embedding, "base_layer"):
        head = cast(nn.Linear, network.get_output_embeddings())
        head.weight = nn.Parameter(head.weight.detach().clone())
        network.config.tie_word_embeddings = False


@torch.no_grad()
def _logits(model: LanguageModel) -> Tensor:
    ids = torch.tensor([model.encode(_WORDS)], device=model.device)
    positions = torch.arange(ids.shape[1], device=model.device)[None]
    return model.logits(model.hidden(ids, positions, segments=[ids.shape[1]]))
