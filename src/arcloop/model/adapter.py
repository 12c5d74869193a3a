"""LoRA weights in a network: attach once, then reset, load and save in place.

The only module that knows PEFT. The base weights are never written to: the adapter stays beside
them, unmerged, so nothing drifts over many rounds, and a reset costs a copy of a few tensors.
What is saved is the adapter alone, in PEFT's own files, which load in plain PEFT.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from transformers import PreTrainedModel

from arcloop.errors import RunError
from arcloop.files import write_bytes
from arcloop.seeds import seed_of

if TYPE_CHECKING:
    from peft import PeftModel

__all__ = ["Adapter", "attach", "attach_saved"]

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


@dataclass(frozen=True)
class Adapter:
    """The adapter that is active in a model's network."""

    peft: "PeftModel"
    """The network as PEFT wraps it."""
    initial: dict[str, Tensor]
    """Parameter name → its value before any training."""

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Parameter name → trainable parameter."""
        return {name: p for name, p in self.peft.named_parameters() if p.requires_grad}

    def reset(self) -> None:
        """Back to the untrained adapter, with which the network computes what its base computes."""
        self._copy(self.initial)

    def load(self, folder: Path) -> None:
        """Take the weights that ``save`` wrote.

        Raises:
            RunError: they are missing, or belong to an adapter of another shape.
        """
        path = folder / WEIGHTS
        if not path.is_file():
            raise RunError(f"{folder}: no {WEIGHTS}; expected a saved adapter — restore it or start a new run")
        try:
            stored = load_file(path)
        except (OSError, SafetensorError) as error:
            raise RunError(
                f"{path}: cannot be read ({error}); expected a saved adapter — delete its group's folder and resume"
            ) from None
        expected = {_stored_name(name): p.shape for name, p in self.parameters.items()}
        if {name: t.shape for name, t in stored.items()} != expected:
            raise RunError(
                f"{folder}: weights of another adapter; expected the shapes of this model and training config — start a new run"
            )
        self._copy({name: stored[_stored_name(name)] for name in self.parameters})

    def save(self, folder: Path) -> None:
        """Write ``adapter_model.safetensors`` and ``adapter_config.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {_stored_name(name): p.detach().cpu().contiguous() for name, p in self.parameters.items()}
        write_bytes(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
        description = self.peft.peft_config["default"].to_dict()
        write_bytes(folder / CONFIG, (json.dumps(description, indent=2, sort_keys=True) + "\n").encode())

    def _copy(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(values[name])


def attach(network: PreTrainedModel, model_name: str, rank: int, alpha: int) -> Adapter:
    """Put an untrained rank-stabilised LoRA adapter on all linear layers of the network's blocks, in place.

    Its initial values depend on the model and the rank alone, so a resumed run resets to the same ones.
    """
    from peft import LoraConfig, get_peft_model  # here, because it takes seconds that a search-only run should not

    lora = LoraConfig(r=rank, lora_alpha=alpha, use_rslora=True, target_modules="all-linear", task_type="CAUSAL_LM")
    with torch.random.fork_rng():
        torch.manual_seed(seed_of("adapter", model_name, rank) % 2**63)
        peft = get_peft_model(network, lora)
    # The user's word for the model, not the folder it was found in: adapters are shared between machines.
    lora.base_model_name_or_path = model_name
    # PEFT keeps these names in a set, whose order would differ from process to process.
    lora.target_modules = sorted(lora.target_modules or ())
    trainable = {name: p for name, p in peft.named_parameters() if p.requires_grad}
    return Adapter(peft, {name: p.detach().clone() for name, p in trainable.items()})


def attach_saved(network: PreTrainedModel, model_name: str, folder: Path) -> Adapter:
    """As ``attach``, of the shape that the adapter saved in ``folder`` has; its weights are not loaded yet.

    Raises:
        RunError: there is no adapter, or its description cannot be read.
    """
    path = folder / CONFIG
    try:
        description = json.loads(path.read_text())
        return attach(network, model_name, int(description["r"]), int(description["lora_alpha"]))
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{path}: cannot be read ({error}); expected a saved adapter — restore it or start a new run"
        ) from None


def _stored_name(name: str) -> str:
    # PEFT leaves the adapter's own name ("default") out of its files.
    return name.replace(".default.", ".")
