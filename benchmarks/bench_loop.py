"""What do many rounds cost? The same number of programs in 8 rounds and in 2, on the embedded model.

    python -m benchmarks.bench_loop [--tasks 10] [--programs 64] [--rounds 8] [--repeats 2] [--keep 28] [--threads 1]

Searches ``--programs`` programs for each of some small ARC tasks, once in two rounds with one
learning between them, once in ``--rounds`` rounds with a learning between each two; alternating,
with the model loaded once. Both learn from equally many programs in all: ``--keep`` per task, at
once or in parts (where there are so many different ones). Prints the time of each stage and the
ratio of the wall times; the goal is 1.25. Timings mean nothing on a machine that is busy otherwise.
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console

from arcloop.config import Config, SelectionConfig, StoppingConfig
from arcloop.execution import Sandbox
from arcloop.loop import Loop
from arcloop.model.card import read_card, resolve
from arcloop.model.language import LanguageModel, load_model
from arcloop.progress import Progress
from arcloop.runs.rundir import RunDir
from arcloop.sampling.transformers import TransformersSampler
from arcloop.tasks.sets import load_tasks
from arcloop.training.trainer import LoraTrainer
from tests.fakes import MANIFEST

SMALL = [
    "67a3c6ac",
    "68b16354",
    "74dd1130",
    "3c9b0459",
    "6150a2bd",
    "9dfd6313",
    "ed36ccf7",
    "a416b8f3",
    "6d0aefbc",
    "8be77c9e",
    "4c4377d9",
    "7468f01a",
    "1cf80156",
    "a79310a0",
    "25ff71a9",
    "b1948b0a",
]
STAGES = ("search", "curate", "train", "rest")


def measure(model: LanguageModel, sandbox: Sandbox, config: Config, folder: Path) -> Counter[str]:
    """Seconds of each stage, and counts, of one run."""
    tasks = load_tasks(config.tasks, None, config.task_ids)
    start = time.perf_counter()
    run = RunDir.create(folder, config, tasks, MANIFEST)
    sampler, trainer = TransformersSampler(model, config.sampling), LoraTrainer(model, config.training)
    with Progress(Console(quiet=True), 1, "programs") as progress:
        Loop(run, sampler, sandbox, trainer, progress).search_and_learn()
    spent = Counter({"wall": time.perf_counter() - start})
    for round_ in range(config.rounds):
        numbers = run.group(round_, 0).numbers()
        search, learning = numbers.search, numbers.learning
        spent.update(search=search.search_seconds, programs=search.completions, tokens=search.tokens)
        if learning is not None:
            spent.update(
                curate=learning.curate_seconds,
                train=learning.learn_seconds - learning.curate_seconds,
                rows=learning.trained_rows,
                steps=learning.steps,
            )
    spent["rest"] = spent["wall"] - spent["search"] - spent["curate"] - spent["train"]
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--programs", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--keep", type=int, default=28)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    base = Config(
        "arc1-train", task_ids=tuple(SMALL[: options.tasks]), group_size=0, stopping=StoppingConfig(perfect=0)
    )
    base = resolve(base, read_card("embedded"))
    runs: dict[int, list[Counter[str]]] = {2: [], options.rounds: []}
    with tempfile.TemporaryDirectory() as folder, Sandbox(base.execution) as sandbox:
        model = load_model("embedded")
        for repeat in range(options.repeats + 1):
            for rounds in runs:
                config = dataclasses.replace(
                    base,
                    rounds=rounds,
                    programs=options.programs // rounds,
                    seed=repeat,
                    selection=SelectionConfig(k=max(1, options.keep // (rounds - 1))),
                )
                if repeat == 0:  # kernels are compiled for the shapes that occur
                    config = dataclasses.replace(config, programs=min(4, config.programs), rounds=2)
                spent = measure(model, sandbox, config, Path(folder) / f"{repeat}-{rounds}")
                if repeat:
                    runs[rounds].append(spent)
    names = ("wall", *STAGES, "programs", "tokens", "rows", "steps")
    print(f"{'rounds':>8}" + "".join(f"{name:>10}" for name in names))
    for rounds, all_spent in runs.items():
        for spent in all_spent:
            cells = (f"{spent[name]:10.1f}" if name in ("wall", *STAGES) else f"{spent[name]:10.0f}" for name in names)
            print(f"{rounds:>8}" + "".join(cells))
    ratios = [many["wall"] / few["wall"] for few, many in zip(*runs.values(), strict=True)]
    print(f"ratio of wall times {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}); goal 1.25")


if __name__ == "__main__":
    main()
