"""Device and setting → the type in which a network computes.

bfloat16 where the device has products of it, else float16 on a GPU: cards before compute capability 8.0
(T4, V100, RTX 20) have none, and torch would emulate them. float16 needs its loss scaled in training,
which ``training.optimization`` does.
"""

import os
from typing import Literal

import torch

from arcloop.config import LoadingConfig
from arcloop.errors import ConfigError

__all__ = ["Dtype", "compute_type", "device_of", "has_bfloat16"]

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
"""As ``LoadingConfig.dtype`` says it."""


def has_bfloat16(device: torch.device) -> bool:
    """Does the device compute products of bfloat16?"""
    if device.type == "cuda":
        # AMD's cards that torch supports all do.
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def compute_type(dtype: Dtype, device: torch.device) -> torch.dtype:
    """The type of a network's products while it is trained; on a GPU, while it is searched with too.

    Raises:
        ConfigError: bfloat16 is asked for, and the GPU has none.
    """
    if dtype == "auto":
        return torch.bfloat16 if has_bfloat16(device) else torch.float16 if device.type == "cuda" else torch.float32
    if dtype == "bfloat16" and device.type == "cuda" and not has_bfloat16(device):
        raise ConfigError(
            f"loading.dtype is bfloat16; expected a type that {torch.cuda.get_device_name(device)} computes — "
            "pass float16, or leave it out"
        )
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]


def device_of(loading: LoadingConfig) -> torch.device:
    """Where the weights go: the device that is asked for, else a GPU for each of the processes that train together, else the CPU.

    Raises:
        ConfigError: no one device is asked for.
    """
    named = loading.device_map
    if named is None:
        return (
            torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            if torch.cuda.is_available()
            else torch.device("cpu")
        )
    try:
        device = torch.device(named)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise ConfigError(
            f"loading.device-map is {named!r}; expected one device, such as cuda:1 — several GPUs share a search by "
            "--sampler vllm --engine.tensor-parallel-size N, and a training by torchrun --nproc_per_node N with arcloop train"
        )
    return torch.device("cuda", 0) if device == torch.device("cuda") else device
