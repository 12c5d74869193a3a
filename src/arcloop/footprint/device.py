"""What this machine's GPU has free → the settings of a run that were left open."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from arcloop.config import LoadingConfig, SamplingConfig, TrainingConfig
from arcloop.files import UnreadableError, read_json
from arcloop.footprint.fit import Fitted, fit
from arcloop.model.card import model_folder
from arcloop.model.shape import Shape, shape_of

__all__ = ["fitted", "free_bytes", "known_shape"]


def fitted(
    model: str,
    loading: LoadingConfig,
    sampling: SamplingConfig | None,
    training: TrainingConfig | None,
    rank: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> Fitted:
    """As ``fit``, for this GPU; the settings as they are where there is none, or where the model is spread over several.

    ``tell`` is given the line that says what was chosen and why. A model that does not say its sizes is not estimated.

    Raises:
        ConfigError: it does not fit, whatever is chosen.
        ModelError: there is no such model.
    """
    free = None if loading.device_map is not None else free_bytes()
    if free is None:
        return Fitted(loading, sampling, training, "")
    shape = known_shape(model)
    if shape is None:
        tell(f"memory: the config.json of {model} does not say the sizes that an estimate needs; nothing was chosen")
        return Fitted(loading, sampling, training, "")
    found = fit(shape, free, loading, sampling, training, rank, four_bit_possible=find_spec("bitsandbytes") is not None)
    tell(found.reason)
    return found


def free_bytes() -> int | None:
    """Free bytes of this process's GPU; None without one."""
    import torch

    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.mem_get_info(int(os.environ.get("LOCAL_RANK", "0")))[0])


def known_shape(model: str) -> Shape | None:
    """The sizes of a model; None where its ``config.json`` does not say them."""
    try:
        content = read_json(Path(model_folder(model)) / "config.json")
    except UnreadableError:
        return None  # which loading it says better
    return shape_of(content) if isinstance(content, dict) else None
