"""A model between two others of one shape and tokenizer: the mean of their weights.

    python -m experiments.average FIRST SECOND OUT [--share 0.5]

Where SECOND was trained from FIRST for a short time, such a mean often keeps what FIRST knew and has most of what SECOND
learned (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). ``--share`` is that of SECOND. FIRST and SECOND are
folders; OUT becomes a copy of SECOND with other weights.
"""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_WEIGHTS = "model.safetensors"


def main() -> None:
    """Read both, average in float32, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("first", "second", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--share", type=float, default=0.5)
    options = parser.parse_args()
    first, second = (load_file(folder / _WEIGHTS) for folder in (options.first, options.second))
    if {name: tensor.shape for name, tensor in first.items()} != {
        name: tensor.shape for name, tensor in second.items()
    }:
        parser.error(f"{options.first} and {options.second} have other tensors; expected two models of one shape")
    if (options.first / "tokenizer.json").read_bytes() != (options.second / "tokenizer.json").read_bytes():
        parser.error(f"{options.first} and {options.second} have other tokenizers; expected one trained from the other")
    shutil.copytree(options.second, options.out, ignore=shutil.ignore_patterns("pretraining"))
    mean = {
        name: torch.lerp(first[name].float(), tensor.float(), options.share).to(tensor.dtype)
        for name, tensor in second.items()
    }
    save_file(mean, options.out / _WEIGHTS, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
