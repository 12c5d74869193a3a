"""Where a training stands ⇄ a folder from which it goes on, as if it had never stopped.

    checkpoint-000120/
      adapter_model.safetensors, adapter_config.json   (or a whole model folder)
      optimizer.safetensors                             the optimizer's memory
      state.json                                        step, plain numbers, digests of the other files

A checkpoint is written beside its place and moved there when it is whole; one whose files do not
have the digests that it names is passed over for the one before it. Nothing else is needed to go
on: the order of the rows and what dropout draws follow from the seed and the step.
"""

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from arcloop.files import write_bytes
from arcloop.training.optimization import Optimization

__all__ = ["Checkpoint", "Trained", "clear", "file_digest", "newest", "write"]

STATE, OPTIMIZER = "state.json", "optimizer.safetensors"
NAME = re.compile(r"checkpoint-(\d+)")


class Trained(Protocol):
    """What is trained: an adapter, or all weights."""

    def save(self, folder: Path) -> None:
        """Write it to ``folder``."""
        ...

    def load(self, folder: Path) -> None:
        """Take what ``save`` wrote."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint on disk."""

    folder: Path
    step: int
    settings: str
    """Digest of everything that the course of the training depends on."""
    tensors: dict[str, Tensor]
    numbers: dict[str, float]

    def restore(self, trained: Trained, optimization: Optimization) -> None:
        """Put weights and optimizer back to where they were."""
        trained.load(self.folder)
        optimization.restore(self.step, self.tensors, self.numbers)


def write(out: Path, trained: Trained, optimization: Optimization, settings: str, keep: int) -> Path:
    """Write a checkpoint into the folder ``out``, and delete all but the last ``keep``."""
    step = optimization.taken
    folder, temporary = out / f"checkpoint-{step:06}", out / f".checkpoint-{step:06}"
    for leftover in (folder, temporary):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir(parents=True)
    trained.save(temporary)
    tensors, numbers = optimization.state()
    write_bytes(temporary / OPTIMIZER, save(tensors))
    digests = {path.name: file_digest(path) for path in sorted(temporary.iterdir())}
    state = {"step": step, "settings": settings, "numbers": numbers, "files": digests}
    write_bytes(temporary / STATE, (json.dumps(state, indent=2) + "\n").encode())
    temporary.rename(folder)
    for old in _folders(out)[:-keep]:
        shutil.rmtree(old)
    return folder


def newest(out: Path) -> tuple[Checkpoint | None, list[Path]]:
    """The last whole checkpoint in ``out``, and those after it that are not whole."""
    damaged: list[Path] = []
    for folder in reversed(_folders(out)):
        try:
            state = json.loads((folder / STATE).read_text(encoding="utf-8"))
            if any(file_digest(folder / name) != digest for name, digest in state["files"].items()):
                raise ValueError("other content than was written")
            tensors = load_file(folder / OPTIMIZER)
            return Checkpoint(folder, state["step"], state["settings"], tensors, state["numbers"]), damaged
        except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError):
            damaged.append(folder)
    return None, damaged


def clear(out: Path) -> None:
    """Delete all checkpoints in ``out``."""
    for folder in _folders(out):
        shutil.rmtree(folder)


def _folders(out: Path) -> list[Path]:
    return sorted(path for path in out.glob("checkpoint-*") if NAME.fullmatch(path.name) and path.is_dir())


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
