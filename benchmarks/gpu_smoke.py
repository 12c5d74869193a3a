"""Everything that wants a GPU, once and small: what works, how fast, and with how much memory.

    python -m benchmarks.gpu_smoke [--out gpu-smoke.json] [--minutes 10] [--only PART …] [--small]

Parts, each in a process of its own, so that one that fails or hangs takes no other with it:

- ``greedy``: SmolLM2 in float32; are the decoder's greedy tokens those of ``generate``?
- ``training``: one row of 4,096 and of 8,192 tokens a step at Llama-3.1-8B's shape, 4-bit and bfloat16, beside stock TRL
  (``benchmarks.gpu_train``), and the peak of memory beside the estimate
- ``decoder``: completions at that shape, beside ``generate`` (``benchmarks.gpu_sample``), and memory likewise
- ``smollm2``: random programs → training set → 60 steps of LoRA → a search and a run with what was learned
- ``pretraining``: one minute of ``arcloop pretrain --config gpu-10min``

When ``--minutes`` are over, what is left is ended. One JSON file holds it all, written after each part, so that what was
measured outlives what comes after. The exit code is 1 if a part failed. ``--small`` runs every part at a tiny size, also
without a GPU, to see that the script works.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ERROR_BEYOND = 0.1
"""Largest error of an estimate of memory that passes."""
TASKS = ["--tasks", "arc1-train"]


def call(words: list[str]) -> float:
    """Run a module and return how many seconds it took.

    Raises:
        RuntimeError: it failed; with its last line.
    """
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:3])}: {last_line(done.stderr)}")
    return time.monotonic() - start


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def figures(module: str, words: list[str], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What another benchmark measured, with the error of its estimates of memory; ``failed`` says what is wrong with it."""
    out = folder / f"{module}.json"
    call([f"benchmarks.{module}", "--out", str(out), *words, *(["--small"] if options.small else [])])
    found: dict[str, Any] = json.loads(out.read_text())
    wrong = [f"{key}: {value['error']}" for key, value in found.items() if "error" in value]
    for key, value in found.items():
        if "peak_gib" in value and "estimated_gib" in value:
            value["estimate_off_by"] = round(value["estimated_gib"] / value["peak_gib"] - 1, 3)
            if abs(value["estimate_off_by"]) > ERROR_BEYOND:
                wrong.append(f"{key}: memory estimated {value['estimate_off_by']:+.0%} off")
    return found | ({"failed": wrong} if wrong else {})


def training(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    words = ["--steps", "5", "--lengths", *(["64"] if options.small else ["4096", "8192"])]
    variants = [f"{who}-{kind}" for kind in ("4bit", "bf16") for who in ("arcloop", "trl")]
    return figures("gpu_train", [*words, "--timeout", "90", "--only", *variants], folder, options)


def decoder(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    # As many prompts as fill the memory for keys and values, and the tokens that are read at once.
    sizes = ["--completions", "16", "--rows", "64", "--total", "256", "--prompt-tokens", "1536"]
    sizes += ["--prefill-tokens", "4096", "--cache-gib", "2"]
    return figures(
        "gpu_sample", [*sizes, "--timeout", "90", "--only", "arcloop+lora", "generate+lora"], folder, options
    )


def greedy(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """How many greedy completions are those of ``generate``, in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    from arcloop.config import AugmentConfig, LoadingConfig, SamplingConfig
    from arcloop.model.card import model_folder
    from arcloop.model.language import load_model
    from arcloop.prompts.format import make_prompts
    from arcloop.sampling import Draw, Request
    from arcloop.sampling.transformers import TransformersSampler
    from arcloop.tasks.sets import load_tasks

    name = str(model_file(folder, options))
    model = load_model(name, loading=LoadingConfig(dtype="float32"))
    count, tokens = (1, 8) if options.small else (8, 64)
    tasks = sorted(load_tasks("arc1-train", 40), key=lambda task: sum(pair.input.size for pair in task.train))[:count]
    requests = [
        Request(prompt, (Draw(task.id, 0, 0.0),))
        for task in tasks
        for prompt in make_prompts(task, 0, 1, 1, AugmentConfig(), model.format, seed=1)
    ]
    ours = {c.id: c.text for c in TransformersSampler(model, SamplingConfig(max_tokens=tokens)).sample(requests)}
    reference = AutoModelForCausalLM.from_pretrained(model_folder(name, weights=True), dtype=torch.float32)
    reference = reference.to(model.device).eval()
    same = 0
    for request in requests:
        ids = torch.tensor([model.encode(request.prompt.text)], device=model.device)
        out = reference.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=tokens,
            pad_token_id=model.tokenizer.pad_token_id, eos_token_id=sorted(model.stop_ids),
        )  # fmt: skip
        text = model.decode([t for t in out[0, ids.shape[1] :].tolist() if t not in model.stop_ids])
        same += ours[request.draws[0].completion_id] == text
    found: dict[str, Any] = {"completions": len(requests), "equal to generate": same}
    return found | ({"failed": ["greedy completions differ from those of generate"]} if same < len(requests) else {})


def smollm2(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """As docs/models.md teaches a model to write programs for ``common``."""
    model, steps = ["--model", str(model_file(folder, options))], "2" if options.small else "60"
    limit, few = ("8", "1") if options.small else ("100", "10")
    at = {name: str(folder / name) for name in ("grammar", "set", "adapter", "before", "after", "run")}
    longest = "16" if options.small else "300"
    grammar = ["search", *TASKS, "--limit", limit, "--sampler", "grammar", "--n-predictions", "16"]
    look = ["search", *TASKS, "--limit", few, *model, "--n-predictions", "16", "--max-output-tokens", longest]
    train = ["train", "--train-dataset-path", at["set"], *model, "--max-steps", steps, "--learning-rate", "2e-4"]
    run = ["run", *TASKS, "--limit", "2", *model, "--adapter", at["adapter"], "--rounds", "2", "--programs", "16"]
    commands = {
        "random programs": [*grammar, "--out", at["grammar"]],
        "training set": ["relabel", at["grammar"], *model, "--prompt-template", "plain", "--out", at["set"]],
        "search before": [*look, "--out", at["before"]],
        "training": [*train, "--max-tokens", "1500", "--out", at["adapter"]],
        "search after": [*look, "--lora-path", at["adapter"], "--out", at["after"]],
        "run": [*run, "--sampling.max-tokens", longest, "--out", at["run"]],
    }
    found: dict[str, Any] = {}
    for name, words in commands.items():
        found[name] = {"seconds": round(call(["arcloop.cli", *words]), 1)}
    for name in ("before", "after"):
        metrics = json.loads((folder / name / "metrics.json").read_text())["run"]
        found[f"search {name}"]["valid_code"] = metrics["valid_code"]
    taught = found["search after"]["valid_code"] > 0.5 or options.small
    return found | ({} if taught else {"failed": ["half of the code is not valid after training"]})


def pretraining(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    minutes = ["--minutes", "0.05" if options.small else "1"]
    tiny = ["--width", "64", "--layers", "1", "--heads", "2", "--inner", "64", "--pack", "4096", "--data-workers", "1"]
    tiny += ["--held-out", "8", "--held-out-tasks", "2"]
    words = ["pretrain", "--config", "gpu-10min", *minutes, *(tiny if options.small else [])]
    seconds = call(["arcloop.cli", *words, "--out", str(folder / "pretrained")])
    log = (folder / "pretrained" / "pretraining" / "log.jsonl").read_text().splitlines()
    return {"seconds": round(seconds, 1), "last": json.loads(log[-1])}


def model_file(folder: Path, options: argparse.Namespace) -> Path:
    """SmolLM2; with ``--small`` a tiny random model with its tokenizer."""
    from tests.smollm2 import smollm2, write_tiny

    if not options.small:
        return smollm2()
    path = folder / "tiny.gguf"
    write_tiny(path)
    return path


PARTS: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    part.__name__: part for part in (greedy, training, decoder, smollm2, pretraining)
}


def apart(name: str, seconds: float, small: bool) -> dict[str, Any]:
    """What a part finds, in a process that is ended with all its own after so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.gpu_smoke", "--part", name, "--folder", folder]
        process = subprocess.Popen(
            [*command, *(["--small"] if small else [])], stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            _, said = process.communicate(timeout=max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return {"failed": [f"not done after {seconds:.0f} s"]}
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            return {"failed": [last_line(said)]}
        found: dict[str, Any] = json.loads((Path(folder) / "found.json").read_text())
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("gpu-smoke.json"))
    parser.add_argument("--minutes", type=float, default=10, help="for all parts together")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that the script works")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        found = PARTS[options.part](options.folder, options)
        (options.folder / "found.json").write_text(json.dumps(found))
        return 0
    import torch

    cuda = torch.cuda.is_available()
    if not cuda and not options.small:
        parser.error("no GPU was found by torch; --small runs the parts on a CPU")
    device = torch.cuda.get_device_name() if cuda else platform.machine()
    results: dict[str, Any] = {"device": device, "torch": torch.__version__, "small": options.small}
    end = time.monotonic() + 60 * options.minutes
    for name in options.only:
        start = time.monotonic()
        print(f"{name} …", flush=True)
        results[name] = apart(name, end - start, options.small)
        results[name]["wall_seconds"] = round(time.monotonic() - start, 1)
        print(json.dumps(results[name], indent=2), flush=True)
        options.out.write_text(json.dumps(results, indent=2) + "\n")
    failed = [f"{name}: {why}" for name in options.only for why in results[name].get("failed", [])]
    print("\n".join(failed) or f"all parts passed: {options.out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
