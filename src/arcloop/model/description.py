"""What PEFT wrote beside an adapter's weights: ``adapter_config.json``. Light; the weights are another module's."""

import reprlib
from pathlib import Path
from typing import Any

from arcloop.errors import RunError
from arcloop.files import UnreadableError, read_json

__all__ = ["CONFIG", "adapter_rank", "read_description"]

CONFIG = "adapter_config.json"


def read_description(folder: Path) -> dict[str, Any]:
    """The settings of the adapter saved in ``folder``; ``peft_type`` is a text, and the others may be anything.

    Raises:
        RunError: there is no adapter, or its description cannot be read.
    """
    path = folder / CONFIG
    try:
        description = read_json(path)
    except UnreadableError as error:
        raise RunError(
            f"{path}: cannot be read ({error}); expected a saved adapter — restore it or start a new run"
        ) from None
    # Versions of PEFT that knew LoRA alone wrote no type.
    kind = description.setdefault("peft_type", "LORA") if isinstance(description, dict) else None
    if not isinstance(kind, str) or len(kind) > 40:
        raise RunError(
            f"{path}: peft_type is {reprlib.repr(kind)}; expected a saved adapter — restore it or start a new run"
        )
    return dict(description)


def adapter_rank(folder: Path) -> int:
    """The largest rank in the adapter saved in ``folder``.

    Raises:
        RunError: there is no adapter, or its description cannot be read.
    """
    description = read_description(folder)
    pattern = description.get("rank_pattern") or {}
    ranks = [description.get("r", 8), *(pattern.values() if isinstance(pattern, dict) else [None])]  # 8: PEFT's own
    known = [rank for rank in ranks if type(rank) is int and rank > 0]
    if known != ranks:
        raise RunError(
            f"{folder / CONFIG}: r and rank_pattern are {reprlib.repr(ranks)}; "
            "expected whole numbers above 0 — restore the file or start a new run"
        )
    return max(known)
