"""How fast does training go? arcloop against stock TRL, on the same rows, weights, adapter and optimizer.

    python -m benchmarks.bench_train [--rows 64] [--repeats 3] [--threads N] [--only arcloop-bfloat16 …]

TRL's ``SFTTrainer`` runs in three settings (single rows, eight padded rows, packed to 4,096 tokens)
and two precisions, arcloop in both. Contenders alternate, each in a process of its own, so that its
peak memory is its own and a busy machine hits all of them. Counted are real tokens, without
padding, a second, from the end of the second step to the end of the last; the start is the time
from a call for training to its first step, on a model that is loaded: a second ``fit`` of arcloop,
a fresh trainer of TRL.
"""

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

BATCH = 32
WARM = 2
"""Steps at the beginning that are not counted."""
LORA = {"r": 16, "lora_alpha": 64, "use_rslora": True, "target_modules": "all-linear"}
RATE = 3e-4
PRECISIONS = ("float32", "bfloat16")
SETTINGS = ("single", "padded", "packed")
CONTENDERS = [f"{who}-{p}" for p in PRECISIONS for who in ("arcloop", *(f"trl-{s}" for s in SETTINGS))]


def make_rows(count: int, path: Path) -> None:
    """Real rows: random programs with the tasks that they solve, as the embedded model is shown them."""
    from arcloop.exercises.exercise import example_of, sample_exercise
    from arcloop.model.language import load_model
    from arcloop.seeds import generator

    model = load_model("embedded")
    with path.open("w") as file:
        for number in range(count):
            example = example_of(sample_exercise(generator(3, "bench", number), max_cells=900), model.format)
            file.write(json.dumps({"prompt": example.prompt, "completion": example.completion}) + "\n")


class Clock:
    """Notes the ends of steps, and the beginning of the first."""

    def __init__(self) -> None:
        self.called = time.perf_counter()
        self.begun: float | None = None
        self.ends: list[float] = []
        self.cpu: list[float] = []

    def begin(self) -> None:
        """The first step begins, or has begun."""
        if self.begun is None:
            self.begun = time.perf_counter()

    def end(self) -> None:
        """A step has ended."""
        self.ends.append(time.perf_counter())
        self.cpu.append(time.process_time())


def run_arcloop(rows: list[dict[str, str]], precision: str) -> dict[str, float]:
    from arcloop.config import LoadingConfig, TrainingConfig
    from arcloop.model.language import load_model
    from arcloop.records import Example
    from arcloop.training import Fitting, optimization
    from arcloop.training.trainer import LoraTrainer

    model = load_model("embedded", loading=LoadingConfig(dtype=precision))  # type: ignore[arg-type]
    config = TrainingConfig(lora_r=16, lora_alpha=64, learning_rate=RATE, batch_size=BATCH, epochs=1)
    trainer = LoraTrainer(model, config)
    examples = [Example(str(k), "task", row["prompt"], row["completion"]) for k, row in enumerate(rows)]
    step = optimization.Optimization.step
    tokens: list[int] = []

    def counted(self: Any, batch: Any) -> Any:
        clock.begin()
        taken = step(self, batch)
        clock.end()
        tokens.append(taken.tokens)
        return taken

    optimization.Optimization.step = counted  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as out:
        clock = Clock()
        trainer.fit(
            Fitting(examples[:2], None, Path(out), random.Random(0))
        )  # the first fit of a run attaches the adapter
        clock, tokens = Clock(), []
        trainer.fit(Fitting(examples, None, Path(out), random.Random(0)))
    return result(clock, tokens)


def run_trl(rows: list[dict[str, str]], setting: str, precision: str) -> dict[str, float]:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from arcloop.model.card import model_folder
    from arcloop.model.language import load_model
    from arcloop.records import Example
    from arcloop.training.rows import encode_rows

    model = load_model("embedded")
    encoded, _ = encode_rows(
        model, [Example(str(k), "t", r["prompt"], r["completion"]) for k, r in enumerate(rows)], 10**6
    )
    del model
    random.Random(0).shuffle(encoded)
    data = Dataset.from_dict(
        {
            "input_ids": [list(row.ids) for row in encoded],
            "completion_mask": [[0] * row.prompt + [1] * row.trained for row in encoded],
        }
    )
    network = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(model_folder("embedded"))
    size = {"single": 1, "padded": 8, "packed": 1}[setting]
    mean = sum(len(row.ids) for row in encoded) / len(encoded)
    accumulation = BATCH // size if setting != "packed" else max(1, round(BATCH * mean / 4096))
    tokens: list[int] = []
    clock = Clock()

    class Watch(TrainerCallback):  # type: ignore[misc,unused-ignore]
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            clock.begin()
            tokens.append(0)

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.end()

    class Counting(SFTTrainer):  # type: ignore[misc,unused-ignore]
        def training_step(self, network: Any, inputs: Any, *rest: Any, **others: Any) -> Any:
            tokens[-1] += int((inputs["input_ids"] != tokenizer.pad_token_id).sum())
            return super().training_step(network, inputs, *rest, **others)

    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out,
            num_train_epochs=1,
            per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation,
            learning_rate=RATE,
            lr_scheduler_type="constant",
            optim="adamw_torch_fused",
            logging_steps=1,
            completion_only_loss=True,
            max_length=4096 if setting == "packed" else None,
            packing=setting == "packed",
            report_to="none",
            bf16=precision == "bfloat16",
            use_cpu=True,
            save_strategy="no",
            gradient_checkpointing=False,
            disable_tqdm=True,
        )
        clock = Clock()
        trainer = Counting(
            model=network,
            args=config,
            train_dataset=data,
            processing_class=tokenizer,
            peft_config=LoraConfig(task_type="CAUSAL_LM", **LORA),
            callbacks=[Watch()],
        )
        trainer.train()
    return result(clock, tokens)


def result(clock: Clock, tokens: list[int]) -> dict[str, float]:
    assert clock.begun is not None
    seconds = clock.ends[-1] - clock.ends[WARM - 1]
    return {
        "tokens_per_second": sum(tokens[WARM:]) / seconds,
        "tokens_per_cpu_second": sum(tokens[WARM:]) / (clock.cpu[-1] - clock.cpu[WARM - 1]),
        "start": clock.begun - clock.called,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def contend(name: str, path: Path, threads: int) -> dict[str, float]:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, __file__, "--contender", name, "--data", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def spread(values: list[float], form: str = "{:.0f}") -> str:
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}–{high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=192)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="*", default=CONTENDERS, choices=CONTENDERS)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        warnings.simplefilter("ignore")
        rows = [json.loads(line) for line in options.data.read_text().splitlines()]
        who, *setting, precision = options.contender.split("-")
        print(json.dumps(run_arcloop(rows, precision) if who == "arcloop" else run_trl(rows, *setting, precision)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        make_rows(options.rows, path)
        print(f"{options.rows} rows, {options.threads} threads, load average {os.getloadavg()[0]:.1f}")
        found: dict[str, list[dict[str, float]]] = {name: [] for name in options.only}
        for _ in range(options.repeats):
            for name in options.only:
                found[name].append(contend(name, path, options.threads))
                print(f"  {name}: {found[name][-1]}", flush=True)
    print(f"\n{'':22}{'tokens/s':>24}{'tokens/CPU-s':>24}{'peak MB':>20}{'start, s':>22}")
    for name, results in found.items():
        columns = {key: [r[key] for r in results] for key in results[0]}
        print(
            f"{name:22}{spread(columns['tokens_per_second']):>24}{spread(columns['tokens_per_cpu_second']):>24}{spread(columns['memory_mb']):>20}"
            f"{spread(columns['start'], '{:.3f}'):>22}"
        )
    for precision in PRECISIONS:
        ours = found.get(f"arcloop-{precision}")
        rivals = {name: r for name, r in found.items() if name.startswith("trl") and name.endswith(precision)}
        if ours and rivals:
            best = max(rivals, key=lambda name: statistics.median(r["tokens_per_second"] for r in rivals[name]))
            ratios = [o["tokens_per_second"] / t["tokens_per_second"] for o, t in zip(ours, rivals[best], strict=True)]
            starts = [t["start"] / o["start"] for o, t in zip(ours, rivals[best], strict=True)]
            print(
                f"{precision}: arcloop / best TRL ({best}): {spread(ratios, '{:.2f}')} × tokens/s;"
                f" its start takes {spread(starts)} × as long"
            )


if __name__ == "__main__":
    main()
