"""A name on the Hugging Face hub → its files on this machine.

What the hub's cache holds is used as it is, without asking whether there is something newer: a run and its resumption
see the same model, and a machine without a network works as one with.
"""

from pathlib import Path

from arcloop.errors import ModelError
from arcloop.files import UnreadableError, read_json

__all__ = ["cached", "fetched"]

_SMALL = ["*.json", "*.jinja", "*.model", "*.txt"]
"""All but the weights."""
_WEIGHTS = ["*.safetensors"]
_NEVER = ["*/*", "consolidated*"]
"""Copies of the weights in other forms."""
_SECONDS = 10.0
"""To wait for the hub's first answer."""


def cached(name: str) -> Path | None:
    """The folder of a model whose files, its weights perhaps left out, are on this machine; None where they are not."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if (folder / "config.json").is_file() else None


def fetched(name: str, weights: bool) -> Path:
    """The folder of a model, its files fetched first where they are not here yet.

    Raises:
        ModelError: the hub cannot be reached, or has no such model, or not for this user.
    """
    from huggingface_hub import snapshot_download

    folder = cached(name)
    if folder is not None and (not weights or _whole(folder)):
        return folder
    wanted = [*_SMALL, *(_WEIGHTS if weights else [])]
    try:
        folder = Path(snapshot_download(name, allow_patterns=wanted, ignore_patterns=_NEVER, etag_timeout=_SECONDS))
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"--model {name}: no such folder, and not to be had from the hub ({reason}); expected a folder, or a name there — "
            "check it, or fetch it where there is a network: hf download"
        ) from None
    # Without a network what is there is given, whether it was asked for or not.
    if weights and not _whole(folder):
        raise ModelError(
            f"--model {name}: its weights are not all in the hub's cache, and not to be had as safetensors; expected all of "
            "them — fetch it where there is a network: hf download"
        )
    return folder


def _whole(folder: Path) -> bool:
    """Are all the weights there?

    Raises:
        ModelError: the list of their files cannot be read.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            named = set(read_json(index)["weight_map"].values())
        except (UnreadableError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{index}: cannot be read ({error}); expected the names of the weights' files — fetch it again: hf download"
            ) from None
        return all((folder / str(name)).is_file() for name in named)
    return any(folder.glob("*.safetensors"))
