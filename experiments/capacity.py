"""Which network learns most from equal computing time: widths, depths, rates, and sizes of a step, side by side.

    python -m experiments.capacity --out models/capacity [--minutes 12] [--only base wide …] [--rows 96]

Pretrains each variant from nothing for so many CPU minutes on one thread (``arcloop pretrain --clock cpu``), one after the
other, stopped ones going on where they were, and prints what each solves of the same held-out rows at the end: programs,
drawings, repaired and anew (see ``experiments.held_out``), beside parameters, rows seen and loss. All rows are those of seed 0.
A share of 50 % of 96 rows is uncertain by 10 points either way (95 %): what is nearer than that has not been told apart.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

VARIANTS: dict[str, dict[str, object]] = {
    "base": {"width": 192, "layers": 6, "heads": 4, "inner": 512},
    "deep": {"width": 192, "layers": 10, "heads": 4, "inner": 512},
    "wide": {"width": 256, "layers": 6, "heads": 4, "inner": 704},
    "large": {"width": 256, "layers": 9, "heads": 4, "inner": 704},
    "small-steps": {"width": 256, "layers": 6, "heads": 4, "inner": 704, "pack": 3072},
}
"""What is tried: settings of ``arcloop pretrain``."""


def parameters(variant: dict[str, object], vocabulary: int = 1762) -> float:
    """Millions of weights; the embeddings of words are those of answers too."""
    width, layers, inner = (int(str(variant[name])) for name in ("width", "layers", "inner"))
    return (vocabulary * width + layers * (4 * width * width + 3 * width * inner)) / 1e6


def main() -> None:
    """Pretrain, read the logs, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--only", nargs="+", default=list(VARIANTS))
    parser.add_argument("--rows", type=int, default=96)
    options = parser.parse_args()
    for name in options.only:
        variant = {"pack": 4096, **VARIANTS[name]}
        settings = [word for key, value in variant.items() for word in (f"--{key.replace('_', '-')}", str(value))]
        command = [sys.executable, "-m", "arcloop.cli", "pretrain", "--clock", "cpu", "--processes", "1", *settings]
        limits = ["--minutes", str(options.minutes), "--held-out-tasks", str(options.rows)]
        subprocess.run([*command, *limits, "--out", str(options.out / name)], check=True)
        log = (options.out / name / "pretraining" / "log.jsonl").read_text().splitlines()
        last = json.loads(log[-1])
        shares = {
            key: f"{100 * value:.0f} %" for key, value in last.items() if key.endswith(("solved", "repaired", "anew"))
        }
        print(
            f"{name}: {parameters(variant):.1f} M, {last['rows']:.0f} rows, loss {last['held_out_loss']:.4f}, {shares}",
            flush=True,
        )


if __name__ == "__main__":
    main()
