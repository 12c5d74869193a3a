"""How many completions a second? arcloop's decoder against ``generate`` of transformers, on real ARC prompts.

    python -m benchmarks.bench_sample [--prompts 40] [--completions 16 64] [--repeats 3] [--threads N]

Both sample from the embedded model in the same precision, at the same temperature and top-p, up to
the same length, one prompt after another for ``generate(num_return_sequences=n)``, as many side by
side as fit for arcloop; with a LoRA adapter and without. Runs alternate. First it is checked that
both give the same greedy completions.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from arcloop.config import SamplingConfig, TrainingConfig
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, load_model
from arcloop.records import Augmentation, Prompt
from arcloop.sampling import Draw, Request
from arcloop.sampling.transformers import TransformersSampler
from arcloop.tasks.augment import apply_task
from arcloop.tasks.sets import load_tasks

MAX_TOKENS = 160
LIMIT = 1200
"""Tokens of a prompt, at the most: half of ARC-AGI-1's training tasks have fewer."""


def prompts(model: LanguageModel, count: int) -> list[Prompt]:
    found = []
    for task in load_tasks("arc1-train"):
        text = model.format.prompt_text(apply_task(Augmentation(), task), 0)
        if len(model.encode(text)) <= LIMIT:
            found.append(Prompt(f"p/{task.id}", task.id, 0, Augmentation(), 0, text))
        if len(found) == count:
            break
    return found


def ours(model: LanguageModel, asked: list[Prompt], n: int, temperature: float) -> dict[str, str]:
    config = SamplingConfig(top_p=0.95, max_tokens=MAX_TOKENS)
    requests = [Request(p, tuple(Draw(f"{p.id}/{k}", k, temperature) for k in range(n))) for p in asked]
    return {c.id: c.text for c in TransformersSampler(model, config).sample(requests)}


def theirs(model: LanguageModel, network: Any, asked: list[Prompt], n: int, temperature: float) -> dict[str, str]:
    texts = {}
    for prompt in asked:
        ids = torch.tensor([model.encode(prompt.text)])
        how: dict[str, Any] = {"do_sample": False}
        if temperature:
            how = {"do_sample": True, "temperature": temperature, "top_p": 0.95, "top_k": 0, "num_return_sequences": n}
        with torch.inference_mode():
            out = network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=MAX_TOKENS,
                pad_token_id=model.pad_id,
                eos_token_id=sorted(model.stop_ids),
                **how,
            )
        for k, row in enumerate(out[:, ids.shape[1] :].tolist()):
            texts[f"{prompt.id}/{k}"] = model.decode([token for token in row if token != model.pad_id])
    return texts


def spread(values: list[float], form: str = "{:.1f}") -> str:
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}–{high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--completions", type=int, nargs="*", default=[16, 64])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load_model("embedded")
    plain = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32).eval()
    asked = prompts(model, options.prompts)
    lengths = sorted(len(model.encode(p.text)) for p in asked)
    print(
        f"{len(asked)} ARC-AGI-1 prompts of {lengths[0]}–{lengths[-1]} tokens, median {lengths[len(lengths) // 2]};"
        f" {options.threads} threads; load average {os.getloadavg()[0]:.1f}"
    )
    greedy = [ours(model, asked, 1, 0.0), theirs(model, plain, asked, 1, 0.0)]
    print(f"greedy completions that are equal: {sum(greedy[0][k] == greedy[1][k] for k in greedy[0])} of {len(asked)}")
    from peft import PeftModel

    with tempfile.TemporaryDirectory() as folder:
        adapted = load_model("embedded")
        adapted.trainable_adapter(TrainingConfig()).save(Path(folder))
        adapted_plain = PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32), folder
        ).eval()
    for n in options.completions:
        rates: dict[str, list[float]] = {}
        contenders = {
            "generate": lambda n=n: theirs(model, plain, asked, n, 1.0),
            "arcloop": lambda n=n: ours(model, asked, n, 1.0),
            "generate, LoRA": lambda n=n: theirs(adapted, adapted_plain, asked, n, 1.0),
            "arcloop, LoRA": lambda n=n: ours(adapted, asked, n, 1.0),
        }
        for _ in range(options.repeats):
            for name, contender in contenders.items():
                start = time.perf_counter()
                texts = contender()
                rates.setdefault(name, []).append(len(texts) / (time.perf_counter() - start))
                print(f"  n = {n}, {name}: {rates[name][-1]:.1f} completions/s", flush=True)
        for name, values in rates.items():
            print(f"n = {n:3}, {name:16} {spread(values):>24} completions/s")
        for kind in ("", ", LoRA"):
            pairs = zip(rates["arcloop" + kind], rates["generate" + kind], strict=True)
            print(f"n = {n:3}, arcloop / generate{kind}: {spread([a / b for a, b in pairs], '{:.2f}')} ×")


if __name__ == "__main__":
    main()
