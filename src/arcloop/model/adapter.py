"""LoRA weights in a network: attach once, then reset, load and save in place.

The only module that knows PEFT. The base weights are never written to: the adapter stays beside
them, unmerged, so nothing drifts over many rounds, and a reset costs a copy of a few tensors.
What is saved is the adapter alone, in PEFT's own files, which load in plain PEFT.
"""

import dataclasses
import json
import reprlib
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from transformers import PreTrainedModel

from arcloop.config import TrainingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.files import is_pointer, write_bytes
from arcloop.model import effective
from arcloop.model.card import EMBEDDED, embedded_digest
from arcloop.model.description import CONFIG, adapter_rank, read_description
from arcloop.model.refusing import refusing
from arcloop.seeds import seed_of

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel

__all__ = ["Adapter", "attach", "attach_saved"]

WEIGHTS = "adapter_model.safetensors"
SCALE = {"r": 8, "lora_alpha": 8, "use_rslora": False, "use_dora": False}
"""What, besides the weights, decides what an adapter computes."""
_BASE = "base_model_name_or_path"
_REVISION = "revision"
"""PEFT's field for the version of the base model; of the embedded one a digest, for its name is the same in every version."""


@dataclass(frozen=True)
class Adapter:
    """The adapter that is active in a model's network."""

    peft: "PeftModel"
    """The network as PEFT wraps it; it is changed in place, so the network itself computes with the adapter too."""
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
            RunError: they are missing, or belong to an adapter of another shape or scale, or to the embedded model of another
                version.
        """
        expected = {_stored_name(name): p.shape for name, p in self.parameters.items()}
        stored = self._without_copies(_stored_weights(folder), expected, folder)
        saved, here = _lora(folder), self.peft.peft_config["default"].to_dict()
        if {name: t.shape for name, t in stored.items()} != expected or any(
            saved.get(k, v) != here[k] for k, v in SCALE.items()
        ):
            raise RunError(
                f"{folder}: weights of another adapter; expected the shapes of this model and training config — start a new run"
            )
        if here[_BASE] == saved.get(_BASE) == EMBEDDED and saved.get(_REVISION) != here[_REVISION]:
            raise RunError(
                f"{folder}: an adapter of the embedded model of another version of arcloop, whose weights were others; expected one "
                "of these — train it anew, or go on with that version"
            )
        self._copy({name: stored[_stored_name(name)] for name in self.parameters})

    def save(self, folder: Path) -> None:
        """Write ``adapter_model.safetensors`` and ``adapter_config.json``; the folder's own folder has to be there."""
        folder.mkdir(exist_ok=True)
        tensors = {_stored_name(name): p.detach().cpu().contiguous() for name, p in self.parameters.items()}
        write_bytes(folder / WEIGHTS, save(tensors, metadata={"format": "pt"}))
        description = self.peft.peft_config["default"].to_dict()
        write_bytes(
            folder / CONFIG, (json.dumps(description, indent=2, sort_keys=True, default=sorted) + "\n").encode()
        )

    def _without_copies(self, stored: dict[str, Tensor], expected: Collection[str], folder: Path) -> dict[str, Tensor]:
        """The weights without those of the base model, which PEFT stores beside an adapter of its embeddings.

        Raises:
            RunError: such weights differ from the model's: they were trained, too.
        """
        base = dict(self.peft.named_parameters(remove_duplicate=False))
        for name in sorted((stored.keys() & base.keys()) - set(expected)):
            own, here = stored.pop(name), base[name]
            if own.shape != here.shape or not torch.equal(own.to(here), here):
                raise RunError(
                    f"{folder}: has another {name.removeprefix('base_model.model.')} than the model; expected LoRA alone — "
                    "merge the adapter into its model with PEFT and pass that as --model"
                )
        return stored

    def _copy(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(values[name])


def attach(network: PreTrainedModel, model_name: str, config: TrainingConfig) -> Adapter:
    """Put an untrained adapter into the network, in place.

    Its initial values depend on the model and the settings alone, so a resumed run resets to the same ones.

    Raises:
        ConfigError: the network has none of the layers that ``config.target_modules`` names.
    """
    from peft import LoraConfig  # here, because it takes seconds that a search-only run should not

    modules = config.target_modules
    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        use_rslora=config.use_rslora,
        use_dora=config.use_dora,
        init_lora_weights=True if config.init_lora_weights == "default" else config.init_lora_weights,
        target_modules=modules[0] if modules == ("all-linear",) else list(modules),
        task_type="CAUSAL_LM",
    )
    try:
        return _attach(network, model_name, lora)
    except ValueError as error:
        if "target modules" not in str(error).lower():
            raise
        raise ConfigError(
            f"training.target-modules is {' '.join(modules)}; the model has no such layers — try all-linear, or q_proj v_proj"
        ) from None


def attach_saved(network: PreTrainedModel, model_name: str, folder: Path) -> Adapter:
    """As ``attach``, of the shape that the adapter saved in ``folder`` has; its weights are not loaded yet.

    Raises:
        RunError: there is no adapter, or its description cannot be read.
    """
    from peft import LoraConfig

    description = _lora(folder)
    _check_rank(folder)
    names = {field.name for field in dataclasses.fields(LoraConfig)}
    settings = {name: value for name, value in description.items() if name in names and value is not None}
    settings.pop(_BASE, None)  # said anew below, or PEFT warns of the difference
    settings |= {"inference_mode": False, "task_type": "CAUSAL_LM"}
    with refusing(
        lambda why: RunError(
            f"{folder / CONFIG}: its adapter does not fit the model ({why});"
            " expected one trained on this model — check --model and the adapter's folder"
        )
    ):
        adapter = _attach(network, model_name, LoraConfig(**settings))
        _check_scales(adapter)
        return adapter


def _check_rank(folder: Path) -> None:
    """Raise for a rank that no weights in the folder have: an adapter of it may be larger than the memory."""
    rank, sizes = adapter_rank(folder), [size for tensor in _stored_weights(folder).values() for size in tensor.shape]
    if rank > max(sizes, default=0):
        raise RunError(
            f"{folder / CONFIG}: its rank is {rank}, its weights have no side that long; expected those of this adapter — "
            "restore the file or start a new run"
        )


def _check_scales(adapter: Adapter) -> None:
    """Raise ``ValueError`` for a scale that the network cannot multiply with."""
    from peft.tuners.lora import LoraLayer

    for module in adapter.peft.modules():
        for scale in module.scaling.values() if isinstance(module, LoraLayer) else ():
            if not abs(scale) <= torch.finfo(torch.float32).max:
                raise ValueError(f"its weights count {scale:g} times, which is no number in 32 bits: lora_alpha / r")


def _attach(network: PreTrainedModel, model_name: str, lora: "LoraConfig") -> Adapter:
    from peft import get_peft_model

    with torch.random.fork_rng(), warnings.catch_warnings():
        # Of an adapter of embeddings that the head shares: that matters where it is merged, which is not done here.
        warnings.filterwarnings("ignore", "Model has `tie_word_embeddings")
        torch.manual_seed(seed_of("adapter", model_name, lora.r) % 2**63)
        peft = get_peft_model(network, lora)
    # The user's word for the model, not the folder it was found in: adapters are shared between machines.
    lora.base_model_name_or_path = model_name
    if model_name == EMBEDDED:
        lora.revision = embedded_digest()
    # PEFT keeps these names in a set, whose order would differ from process to process.
    if not isinstance(lora.target_modules, str):  # a pattern stays one
        lora.target_modules = sorted(lora.target_modules or ())
    effective.install(network)
    trainable = {name: p for name, p in peft.named_parameters() if p.requires_grad}
    return Adapter(peft, {name: p.detach().clone() for name, p in trainable.items()})


def _stored_weights(folder: Path) -> dict[str, Tensor]:
    path = folder / WEIGHTS
    if not path.is_file():
        raise RunError(f"{folder}: no {WEIGHTS}; expected a saved adapter — restore it or start a new run")
    with refusing(
        lambda why: RunError(
            f"{path}: cannot be read ({why}); expected a saved adapter — delete its group's folder and resume"
        )
    ):
        if is_pointer(path):
            raise RunError(f"{path}: a Git LFS pointer; expected weights — fetch them with git lfs pull")
        weights = load_file(path)
        for name, tensor in weights.items():
            if not tensor.is_floating_point():
                raise ValueError(f"{name} is of type {str(tensor.dtype).removeprefix('torch.')}")
            # Types of one byte have no such question.
            if not torch.isfinite(tensor.float()).all():
                raise RunError(
                    f"{path}: {name} is not finite; expected numbers — take an adapter from before its training went wrong"
                )
        return weights


def _lora(folder: Path) -> dict[str, Any]:
    """The description of the LoRA adapter in ``folder``."""
    description = read_description(folder)
    if description["peft_type"] != "LORA":
        raise RunError(
            f"{folder / CONFIG}: an adapter of type {description['peft_type']}; expected LoRA — start a new run"
        )
    if whole := description.get("modules_to_save"):
        raise RunError(
            f"{folder / CONFIG}: has modules_to_save ({reprlib.repr(whole)}), whole layers beside LoRA, which arcloop does not load; "
            "expected LoRA alone — merge the adapter into its model with PEFT and pass that as --model"
        )
    return description


def _stored_name(name: str) -> str:
    # PEFT leaves the adapter's own name ("default") out of its files, and DoRA's magnitudes are no layers there.
    stored = name.removesuffix(".default").replace(".default.", ".")
    return stored.removesuffix(".weight") if "lora_magnitude_vector" in stored else stored
