"""Sampling at the size of Llama-3.1-8B on one GPU: tokens/s of arcloop's decoder, of ``generate``, and of vLLM.

    python -m benchmarks.gpu_sample [--out results.json] [--completions 1 16 64 128] [--rows 32 128] [--vllm] [--small]

The network has the shape of the 8B model and random weights in bfloat16, made on the spot (no
download). Prompts are random tokens, half to all of ``--prompt-tokens`` long. Random weights never
end an answer, so each completion has a length of its own, a quarter to all of ``--tokens``, at which
it ends for all contenders alike. Each is given its best way: arcloop and vLLM as many completions
side by side as ``--rows`` says, ``generate`` as many prompts at once as that makes, padded on the
left, until the longest is done. Counted are the tokens of completions a second, reading the
prompts included, with a LoRA adapter of rank 32 on all linear layers and without; besides, the
time to exchange one saved adapter for another. Each contender runs in a process of its own; ``--only``
takes one at a time, where GPU time is short. With ``--cache-gib`` what ``arcloop.footprint`` estimates stands beside
arcloop's peak of memory.

``--vllm`` also runs vLLM's engine, where it is installed; it wants the weights on disk, so they are
written to a temporary folder once (16 GB). Its draws have no seeds of their own, as that is
faster. ``--small`` runs the rest at a tiny size, also without a GPU, to see that the script works.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.gpu_train import measured, network, shape, wait

TEMPERATURE, TOP_P, RANK = 1.0, 0.95, 32
SWAPS = 6
"""Exchanges of adapters that are timed, after the first."""


def prompt_ids(number: int, options: argparse.Namespace) -> list[int]:
    rng = random.Random(f"prompt {number}")
    vocabulary = shape(options.small).vocab_size
    return [rng.randrange(vocabulary) for _ in range(rng.randint(options.prompt_tokens // 2, options.prompt_tokens))]


def length(prompt: int, draw: int, options: argparse.Namespace) -> int:
    """Tokens of a completion."""
    return random.Random(f"length {prompt} {draw}").randint(max(1, options.tokens // 4), options.tokens)


def arcloop(options: argparse.Namespace, lora: bool) -> tuple[Callable[..., int], Callable[[], float] | None]:
    """A function that samples (prompts, completions, rows) → tokens, and one that times an exchange of adapters."""
    import torch

    from arcloop.config import SamplingConfig, TrainingConfig
    from arcloop.model import attention
    from arcloop.model.language import LanguageModel, load_model
    from arcloop.records import Augmentation, FinishReason, Prompt
    from arcloop.sampling import Draw, Request
    from arcloop.sampling.transformers import TransformersSampler

    class Words(LanguageModel):
        def encode(self, text: str) -> list[int]:
            return prompt_ids(int(text), options)

    class Ending(TransformersSampler):
        def _choose(self, rows: Any, logits: Any) -> Any:
            tokens = super()._choose(rows, logits)
            for row in rows:
                if row.reason is None and len(row.tokens) >= length(int(row.prompt.text), row.draw.seed, options):
                    row.reason = FinishReason.LENGTH
            return tokens

    made = network(options.small, four_bit=False)
    attention.install(made.eval())
    words = load_model("embedded")
    model = Words("random", made, words.tokenizer, words.format, dtype="bfloat16")
    vars(model)["stop_ids"] = frozenset()
    folders = [options.folder / "a", options.folder / "b"]
    if lora:
        adapter = model.trainable_adapter(TrainingConfig(lora_r=RANK))
        for folder in folders:
            with torch.no_grad():
                for parameter in adapter.parameters.values():
                    parameter.normal_(0, 0.01)
            adapter.save(folder)

    def sample(prompts: int, completions: int, rows: int) -> int:
        config = SamplingConfig(
            (TEMPERATURE,), TOP_P, max_tokens=options.tokens, rows=rows, prefill_tokens=options.prefill_tokens,
            cache_gib=options.cache_gib,
        )  # fmt: skip
        requests = [
            Request(
                Prompt(str(p), "task", 0, Augmentation(), 0, str(p)),
                tuple(Draw(f"{p}/{k}", k, TEMPERATURE) for k in range(completions)),
            )
            for p in range(prompts)
        ]
        return sum(completion.tokens for completion in Ending(model, config).sample(requests))

    return sample, (lambda: swapped(model.use_adapter, folders)) if lora else None


def estimated_gib(options: argparse.Namespace, lora: bool, rows: int) -> float:
    """What ``arcloop.footprint`` says of a search whose keys and values fill ``--cache-gib``."""
    from arcloop.footprint.estimate import sampling_need
    from arcloop.model.shape import shape_of
    from arcloop.sampling.transformers import PREFILL

    size = shape_of(shape(options.small).to_dict())
    need = sampling_need(
        size, RANK if lora else 0, four_bit=False, prefill=options.prefill_tokens or PREFILL, rows=rows,
        prompt=options.prompt_tokens, completion=options.tokens, cache=options.cache_gib * 2**30,
    )  # fmt: skip
    return round(need.total / 2**30, 2)


def generate(options: argparse.Namespace, lora: bool) -> tuple[Callable[..., int], None]:
    import torch
    from peft import LoraConfig, get_peft_model

    made = network(options.small, four_bit=False).eval()
    made.generation_config.eos_token_id = None
    if lora:
        made = get_peft_model(made, LoraConfig(r=RANK, target_modules="all-linear", task_type="CAUSAL_LM")).eval()
        for name, parameter in made.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, 0, 0.01)
    device = next(made.parameters()).device

    def sample(prompts: int, completions: int, rows: int) -> int:
        draws = [(p, k) for p in range(prompts) for k in range(completions)]
        tokens, each = 0, min(completions, rows)
        for start in range(0, len(draws), each * max(1, rows // each)):
            batch = draws[start : start + each * max(1, rows // each)]
            # One prompt for each ``each`` draws; of the last batch, as many as there are.
            count = next(n for n in range(each, 0, -1) if len(batch) % n == 0 and aligned(batch, n))
            texts = [prompt_ids(p, options) for p, _ in batch[::count]]
            longest = max(map(len, texts))
            ids = torch.tensor([[0] * (longest - len(t)) + t for t in texts], device=device)
            mask = torch.tensor([[0] * (longest - len(t)) + [1] * len(t) for t in texts], device=device)
            lengths = [length(p, k, options) for p, k in batch]
            with torch.inference_mode():
                out = made.generate(
                    input_ids=ids, attention_mask=mask, do_sample=True, temperature=TEMPERATURE, top_p=TOP_P, top_k=0,
                    num_return_sequences=count, max_new_tokens=max(lengths), pad_token_id=0,
                )  # fmt: skip
            assert out.shape == (len(batch), longest + max(lengths))
            tokens += sum(lengths)
        return tokens

    return sample, None


def aligned(batch: list[tuple[int, int]], count: int) -> bool:
    """Is each stretch of ``count`` draws of one prompt?"""
    return all(len({p for p, _ in batch[k : k + count]}) == 1 for k in range(0, len(batch), count))


def vllm(options: argparse.Namespace, lora: bool) -> tuple[Callable[..., int], Callable[[], float] | None]:
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    import itertools

    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest
    from vllm.sampling_params import RequestOutputKind

    engine = LLM(
        model=str(options.folder / "model"), skip_tokenizer_init=True, load_format="safetensors", dtype="bfloat16",
        max_model_len=options.prompt_tokens + options.tokens, max_num_seqs=max(options.rows),
        enable_prefix_caching=True, gpu_memory_utilization=0.85, enable_lora=lora,
        **({"max_lora_rank": RANK, "max_loras": 1} if lora else {}),
    ).llm_engine  # fmt: skip
    numbers = itertools.count(1)
    folders = [options.folder / "a", options.folder / "b"]
    adapter: list[Any] = []

    def use(folder: Path) -> None:
        if adapter:
            engine.remove_lora(adapter.pop().lora_int_id)
        number = next(numbers)
        adapter.append(LoRARequest(f"adapter-{number}", number, str(folder)))
        engine.add_lora(adapter[0])

    if lora:
        use(folders[0])

    def sample(prompts: int, completions: int, rows: int) -> int:
        # Else a prompt of an earlier measurement would be read already.
        engine.reset_prefix_cache()
        waiting = [(p, k) for p in range(prompts) for k in range(completions)][::-1]
        inside = tokens = 0
        while waiting or inside:
            while waiting and inside < rows:
                prompt, draw = waiting.pop()
                settings = SamplingParams(
                    temperature=TEMPERATURE, top_p=TOP_P, max_tokens=length(prompt, draw, options), ignore_eos=True,
                    detokenize=False, output_kind=RequestOutputKind.FINAL_ONLY,
                )  # fmt: skip
                asked = {"prompt_token_ids": prompt_ids(prompt, options)}
                engine.add_request(f"{prompt}/{draw}", asked, settings, lora_request=adapter[0] if lora else None)
                inside += 1
            for output in engine.step():
                if output.finished:
                    inside -= 1
                    tokens += len(output.outputs[0].token_ids)
        return tokens

    return sample, (lambda: swapped(use, folders)) if lora else None


def swapped(use: Callable[[Path], object], folders: list[Path]) -> float:
    """Seconds to exchange one saved adapter for another, in the middle."""
    seconds = []
    for k in range(SWAPS + 1):
        wait()
        start = time.perf_counter()
        use(folders[k % 2])
        wait()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


CONTENDERS = {"arcloop": arcloop, "generate": generate, "vllm": vllm}


def contend(options: argparse.Namespace) -> None:
    """Measure one contender, a line of JSON each, so that what was measured outlives a crash."""
    import torch

    who, _, lora = options.contender.partition("+")
    sample, swap = CONTENDERS[who](options, bool(lora))
    sample(2, 2, min(options.rows))  # the first kernels take their time
    for completions in options.completions:
        prompts = max(1, options.total // completions)
        for rows in options.rows:
            key = f"{options.contender}, {completions} completions, {rows} rows"
            if torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()
            try:
                wait()
                start = time.perf_counter()
                tokens = sample(prompts, completions, rows)
                wait()
                seconds = time.perf_counter() - start
            except torch.OutOfMemoryError:
                print(json.dumps([key, {"error": "out of memory"}]), flush=True)
                torch.cuda.empty_cache()
                continue
            found = {
                "tokens_per_second": round(tokens / seconds, 1),
                "completions_per_second": round(prompts * completions / seconds, 3),
                "tokens": tokens,
                "prompts": prompts,
                "seconds": round(seconds, 3),
            }
            if torch.cuda.is_available() and who != "vllm":  # whose memory another process holds
                found["peak_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 2)
            if who == "arcloop" and options.cache_gib:
                found["estimated_gib"] = estimated_gib(options, bool(lora), rows)
            print(json.dumps([key, found]), flush=True)
    if swap is not None:
        print(json.dumps([f"{who}, exchange of adapters", {"seconds": round(swap(), 4)}]), flush=True)


def write_model(options: argparse.Namespace) -> None:
    network(options.small, four_bit=False).save_pretrained(options.folder / "model")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", ".")) / "gpu_sample.json")
    parser.add_argument("--completions", type=int, nargs="+", default=[1, 16, 64, 128], help="for each prompt")
    parser.add_argument("--rows", type=int, nargs="+", default=[32, 128], help="completions side by side")
    parser.add_argument("--total", type=int, default=128, help="completions of a measurement, for all its prompts")
    parser.add_argument("--prompt-tokens", type=int, default=2048)
    parser.add_argument("--tokens", type=int, default=256, help="of a completion, at the most")
    parser.add_argument("--prefill-tokens", type=int, help="prompt tokens that arcloop's decoder reads at once")
    parser.add_argument(
        "--cache-gib", type=float, help="keys and values that it may keep; then memory is estimated too"
    )
    parser.add_argument("--vllm", action="store_true", help="vLLM's engine too; writes 16 GB of weights for it")
    parser.add_argument("--only", nargs="*", choices=[f"{who}{kind}" for who in CONTENDERS for kind in ("", "+lora")])
    parser.add_argument("--small", action="store_true", help="a tiny network, to see that the script works")
    parser.add_argument("--timeout", type=int, default=500, help="seconds for one contender")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.small:
        options.completions, options.rows = [min(n, 8) for n in options.completions[:2]], [4, 8]
        options.total, options.prompt_tokens, options.tokens = 16, 48, 16
    if options.contender:
        warnings.simplefilter("ignore")
        write_model(options) if options.contender == "weights" else contend(options)
        return
    contenders = options.only or [
        f"{who}{kind}" for who in CONTENDERS for kind in ("+lora", "") if who != "vllm" or options.vllm
    ]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if any(name.startswith("vllm") for name in contenders):
            if find_spec("vllm") is None:
                parser.error("vLLM is not installed: pip install 'arcloop[gpu]'")
            # Its adapters are those that arcloop's decoder used.
            contenders = ["weights", *sorted({*contenders, "arcloop+lora"}, key=lambda name: name != "arcloop+lora")]
        for contender in contenders:
            found |= measured(
                "benchmarks.gpu_sample", ["--contender", contender, "--folder", folder], contender, options.timeout
            )
            options.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
