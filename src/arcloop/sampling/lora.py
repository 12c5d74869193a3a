"""What vLLM computes with, of all that PEFT saves: checked before an engine or a server sees it.

vLLM does not refuse a DoRA adapter, it dies of it or waits forever.
"""

from pathlib import Path

from arcloop.errors import ConfigError
from arcloop.model.description import read_description

__all__ = ["RANKS", "check_lora", "lora_rank_limit"]

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Values that vLLM's ``max_lora_rank`` may have."""


def check_lora(folder: Path) -> None:
    """Make sure that vLLM can use the adapter saved in ``folder``.

    Raises:
        RunError: there is no adapter.
        ConfigError: it is of a kind that vLLM cannot compute with.
    """
    description = read_description(folder)
    kind = description["peft_type"]
    wrong = next(
        (name for name in ("use_dora", "modules_to_save", "trainable_token_indices") if description.get(name)), ""
    )
    if kind != "LORA" or wrong or description.get("bias", "none") != "none":
        what = "DoRA" if wrong == "use_dora" else f"{kind} with {wrong or 'trained biases'}" if kind == "LORA" else kind
        raise ConfigError(
            f"{folder}: a {what} adapter; expected plain LoRA, which is what vLLM computes with "
            "— train without it, or sample with --sampler transformers"
        )


def lora_rank_limit(rank: int) -> int:
    """The smallest ``max_lora_rank`` of vLLM that holds adapters of this rank.

    Raises:
        ConfigError: there is none.
    """
    for limit in RANKS:
        if rank <= limit:
            return limit
    raise ConfigError(
        f"training.lora-r is {rank}; expected at most {RANKS[-1]}, which is what vLLM computes with "
        "— lower it, or sample with --sampler transformers"
    )
