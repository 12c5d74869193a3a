"""``--engine.extra KEY=VALUE`` → further arguments of vLLM's engine, checked before it starts, which takes minutes.

What arcloop sets itself is refused, and so is what may name code to be run: a run's configuration may
be somebody else's.
"""

import difflib
from collections.abc import Collection, Sequence
from typing import Any

from arcloop.errors import ConfigError
from arcloop.files import UnreadableError, parse_json

__all__ = ["further_arguments"]

_SETTINGS = {
    "model": "--engine.model",
    "tokenizer": "--model",
    "quantization": "--engine.quantization",
    "tensor_parallel_size": "--engine.tensor-parallel-size",
    "gpu_memory_utilization": "--engine.gpu-memory-utilization",
    "enforce_eager": "--engine.enforce-eager",
    "max_model_len": "--sampling.max-prompt-tokens and --sampling.max-tokens",
    "max_lora_rank": "--training.lora-r",
}
"""Argument of vLLM → the setting of arcloop that it follows from."""
_OURS = {"enable_lora", "enable_sleep_mode", "load_format", "logprobs_mode", "runner", "convert", "skip_tokenizer_init"}
"""Arguments without which completions would not come, or would be others than those that were asked for."""
_CODE = {
    "additional_config",
    "compilation_config",
    "distributed_executor_backend",
    "ec_transfer_config",
    "hf_overrides",
    "kv_transfer_config",
    "logits_processors",
    "model_class_overrides",
    "model_loader_extra_config",
    "trust_remote_code",
    "weight_transfer_config",
}
"""Arguments whose values may name modules or files with code."""


def further_arguments(extra: Sequence[str], known: Collection[str]) -> dict[str, Any]:
    """Name → value of each ``KEY=VALUE``; a value is read as JSON, and is text where it is none.

    ``known``: the arguments that the engine has.

    Raises:
        ConfigError: the engine has no such argument, or it is not left to the user.
    """
    arguments = {}
    for word in extra:
        key, _, text = word.partition("=")
        name = key.replace("-", "_")
        if name in _SETTINGS:
            raise ConfigError(f"engine.extra: {key} follows from a setting; expected that — use {_SETTINGS[name]}")
        if name in _CODE or name.endswith(("_cls", "_plugin")):
            raise ConfigError(
                f"engine.extra: {key} may name code; expected none but arcloop's and vLLM's to be run — leave it out"
            )
        if name in _OURS or name == "hf_token":
            raise ConfigError(f"engine.extra: {key} is set by arcloop; expected another argument — leave it out")
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.6)
            hint = f"such as {', '.join(near)}" if near else "as vllm serve --help lists them"
            raise ConfigError(f"engine.extra: vLLM knows no {key}; expected an engine argument {hint} — change it")
        arguments[name] = _value(text)
    return arguments


def _value(text: str) -> Any:
    try:
        return parse_json(text)
    except UnreadableError:
        return text
