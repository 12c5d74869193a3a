"""Fine-tuning at the size of Llama-3.1-8B on one GPU: seconds a row, tokens/s, MFU and peak memory, beside stock TRL.

    python -m benchmarks.gpu_train [--out results.json] [--steps 6] [--lengths 4096 8192] [--only …] [--small]

The network has the shape of the 8B model and random weights, made on the GPU (no download);
4-bit NF4 and bfloat16, LoRA of rank 32 on all linear layers, gradient checkpointing, one row a step.
Each variant runs in a process of its own, all lengths in it. Beside arcloop's peak of memory stands what
``arcloop.footprint`` estimates. MFU counts 4 · parameters floating-point operations a token, since base weights need no
gradient, with the recomputation of checkpointing left out (arXiv:2204.02311), against the peak of the card.
``--small`` runs every variant at a tiny size, also without a GPU, to see that the script works.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

PEAK = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L4": 121e12, "4090": 165e12, "3090": 71e12}
"""Dense bfloat16 operations a second, from the vendor's data sheets."""
TRAINED = 0.15
"""Share of a row that is completion."""
VARIANTS = [f"{who}-{kind}" for kind in ("4bit", "bf16", "4bit-liger") for who in ("arcloop", "trl")]


def shape(small: bool) -> Any:
    from transformers import LlamaConfig

    if small:
        return LlamaConfig(
            vocab_size=512, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=16384,
        )  # fmt: skip
    return LlamaConfig(
        vocab_size=128_256, hidden_size=4096, intermediate_size=14_336, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, max_position_embeddings=131_072, rope_theta=500_000.0,
    )  # fmt: skip


def network(small: bool, four_bit: bool) -> Any:
    """A network with random weights; its layers are quantized one after another, so that it fits where the result does."""
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    with torch.device("meta" if four_bit else device):
        made = AutoModelForCausalLM.from_config(shape(small), dtype=torch.bfloat16)
    if four_bit:
        import bitsandbytes as bnb
        from torch import nn

        for name, module in list(made.named_modules()):
            if isinstance(module, nn.Linear) and not name.endswith("lm_head"):
                layer = bnb.nn.Linear4bit(
                    module.in_features, module.out_features, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4"
                )
                weight = (
                    torch.randn(module.out_features, module.in_features, dtype=torch.bfloat16, device=device) * 0.02
                )
                layer.weight = bnb.nn.Params4bit(
                    weight, requires_grad=False, quant_type="nf4", compress_statistics=True
                ).to(device)
                parent = made.get_submodule(name.rpartition(".")[0])
                setattr(parent, name.rpartition(".")[2], layer)
        for module in made.modules():
            for key, parameter in list(module.named_parameters(recurse=False)):
                if parameter.is_meta:
                    filled = torch.randn(parameter.shape, dtype=torch.bfloat16, device=device) * 0.02
                    if parameter.dim() == 1:
                        filled = torch.ones_like(filled)
                    setattr(module, key, nn.Parameter(filled))
            for key, buffer in list(module.named_buffers(recurse=False)):
                if buffer.is_meta:
                    setattr(module, key, None)
        from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

        made.model.rotary_emb = LlamaRotaryEmbedding(made.config).to(device)
        # What tells PEFT and TRL that the layers are quantized.
        from transformers import BitsAndBytesConfig
        from transformers.quantizers import AutoHfQuantizer

        made.is_quantized = made.is_loaded_in_4bit = True
        made.hf_quantizer = AutoHfQuantizer.from_config(BitsAndBytesConfig(load_in_4bit=True), pre_quantized=False)
    return made


def rows(count: int, length: int, vocabulary: int) -> Any:
    import random

    from arcloop.training.rows import Row

    rng = random.Random(0)
    return [
        Row(tuple(rng.randrange(vocabulary) for _ in range(length)), int(length * (1 - TRAINED)), 1.0)
        for _ in range(count)
    ]


def run_arcloop(options: argparse.Namespace, length: int) -> dict[str, float]:
    from arcloop.config import TrainingConfig
    from arcloop.footprint.estimate import training_need
    from arcloop.model import attention
    from arcloop.model.language import LanguageModel, load_model
    from arcloop.model.shape import shape_of
    from arcloop.training.optimization import Optimization

    made = network(options.small, options.four_bit)
    attention.install(made)
    words = load_model("embedded")
    model = LanguageModel("random", made, words.tokenizer, words.format, dtype="bfloat16")
    config = TrainingConfig(
        lora_r=32, learning_rate=1e-5, batch_size=1, gradient_checkpointing=True, use_liger_kernel=options.liger,
        pack_tokens=length,
    )  # fmt: skip
    optimization = Optimization(model, model.trainable_adapter(config).parameters, config, 100)
    data = rows(options.steps, length, made.config.vocab_size)
    need = training_need(
        shape_of(made.config.to_dict()), config, length, data[0].trained, four_bit=options.four_bit, checkpointing=True
    )
    return timed(lambda row: optimization.step([row]), data, made) | {"estimated_gib": round(need.total / 2**30, 2)}


def run_trl(options: argparse.Namespace, length: int) -> dict[str, float]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from arcloop.model.card import model_folder

    made = network(options.small, options.four_bit)
    data = rows(options.steps, length, made.config.vocab_size)
    table = Dataset.from_dict(
        {
            "input_ids": [list(row.ids) for row in data],
            "completion_mask": [[0] * row.prompt + [1] * row.trained for row in data],
        }
    )
    ends: list[float] = []

    class Watch(TrainerCallback):  # type: ignore[misc,unused-ignore]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            wait()
            ends.append(time.perf_counter())

    import torch

    config = SFTConfig(
        output_dir=tempfile.mkdtemp(), max_steps=options.steps, per_device_train_batch_size=1, learning_rate=1e-5,
        completion_only_loss=True, max_length=None, bf16=True, gradient_checkpointing=True, report_to="none",
        save_strategy="no", logging_steps=1, disable_tqdm=True, use_liger_kernel=options.liger,
        use_cpu=not torch.cuda.is_available(),
    )  # fmt: skip
    lora = LoraConfig(r=32, lora_alpha=64, use_rslora=True, target_modules="all-linear", task_type="CAUSAL_LM")
    trainer = SFTTrainer(
        model=made, args=config, train_dataset=table, peft_config=lora, callbacks=[Watch()],
        processing_class=AutoTokenizer.from_pretrained(model_folder("embedded")),
    )  # fmt: skip
    trainer.train()
    return numbers(ends, length, made)


def timed(step: Any, data: Any, made: Any) -> dict[str, float]:
    ends = []
    for row in data:
        step(row)
        wait()
        ends.append(time.perf_counter())
    return numbers(ends, len(data[0].ids), made)


def measured(module: str, more: list[str], name: str, timeout: int) -> dict[str, Any]:
    """What a process of a benchmark says, with this one's arguments and more: key → figures, or why there are none."""
    error = ""
    with tempfile.TemporaryFile("w+") as lines:
        command = [sys.executable, "-m", module, *sys.argv[1:], *more]
        try:
            done = subprocess.run(
                command, stdout=lines, stderr=subprocess.PIPE, text=True, timeout=timeout, check=False
            )
            if done.returncode:
                error = (done.stderr.strip().splitlines() or ["no message"])[-1]
        except subprocess.TimeoutExpired:
            error = f"not done after {timeout} s"
        lines.seek(0)
        found = dict(json.loads(line) for line in lines if line.startswith('["'))
    if error:
        found[name] = {"error": error}
    for key, value in found.items():
        print(f"{key}: {value}", flush=True)
    return found


def wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def numbers(ends: list[float], length: int, made: Any) -> dict[str, float]:
    import torch

    seconds = (ends[-1] - ends[1]) / (len(ends) - 2)
    found = {"seconds_per_row": round(seconds, 4), "tokens_per_second": round(length / seconds, 1)}
    if torch.cuda.is_available():
        shape_ = made.config
        size = shape_.num_hidden_layers * (
            2 * shape_.hidden_size**2 * (1 + shape_.num_key_value_heads / shape_.num_attention_heads)
            + 3 * shape_.hidden_size * shape_.intermediate_size
        )
        name = torch.cuda.get_device_name()
        peak = next((value for key, value in PEAK.items() if key in name), float("nan"))
        # 2 forward and 2 backward: weights that do not learn need no gradient of their own.
        found["mfu"] = round(4 * size * length / seconds / peak, 4)
        found["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return found


def measure(options: argparse.Namespace) -> None:
    """One variant, a line of JSON for each length, so that what was measured outlives a crash."""
    import torch

    who, precision, *liger = options.variant.split("-")
    options.four_bit, options.liger = precision == "4bit", bool(liger)
    for length in options.lengths:
        key = f"{options.variant}, {length} tokens"
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        try:
            found: dict[str, Any] = (run_arcloop if who == "arcloop" else run_trl)(options, length)
        except torch.OutOfMemoryError:
            found = {"error": "out of memory"}
        print(json.dumps([key, found]), flush=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", ".")) / "gpu_train.json")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--lengths", type=int, nargs="*", default=[4096, 8192])
    parser.add_argument("--small", action="store_true", help="a tiny network, to see that the script works")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=VARIANTS)
    parser.add_argument("--timeout", type=int, default=240, help="seconds for one variant")
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant:
        warnings.simplefilter("ignore")
        measure(options)
        return
    found: dict[str, Any] = {}
    for variant in options.only:
        found |= measured("benchmarks.gpu_train", ["--variant", variant], variant, options.timeout)
        options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
