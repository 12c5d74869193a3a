"""All weights of a network, as something to train: what an ``Adapter`` is for a few added ones."""

import errno
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from arcloop.errors import RunError
from arcloop.model.card import CARD, model_folder

__all__ = ["Weights"]

FILE = "model.safetensors"


@dataclass(frozen=True)
class Weights:
    """The network's own weights, all of them trained."""

    model_name: str
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Parameter name → trainable parameter; weights that two layers share come once."""
        return dict(self.network.named_parameters())

    def save(self, folder: Path) -> None:
        """Write a model folder: weights, configuration, tokenizer, and the card of the model it came from."""
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self.network.save_pretrained(folder, max_shard_size="1000GB")
        except SafetensorError as error:
            # As everything else says that a disk is full.
            raise OSError(errno.EIO, str(error), str(folder)) from None
        self.tokenizer.save_pretrained(folder)
        card = Path(model_folder(self.model_name)) / CARD
        if card.is_file():
            shutil.copyfile(card, folder / CARD)

    def load(self, folder: Path) -> None:
        """Take the weights that ``save`` wrote.

        Raises:
            RunError: they are missing, or belong to another network.
        """
        path = folder / FILE
        parameters = self.parameters
        try:
            stored = load_file(path)
            if (
                not {name: p.shape for name, p in parameters.items()}.items()
                <= {n: t.shape for n, t in stored.items()}.items()
            ):
                raise ValueError("weights of another network")
        except (OSError, ValueError, SafetensorError, json.JSONDecodeError) as error:
            raise RunError(
                f"{path}: cannot be read ({error}); expected the weights of {self.model_name} — restore them"
            ) from None
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(stored[name])
