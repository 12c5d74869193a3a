"""The settings of a run: what the command line offers, what a run directory records.

One frozen dataclass per stage, each handed only its own section; the docstring under a field is
its help text. A value out of range raises ``ConfigError`` when the section is built.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from arcloop.errors import ConfigError

__all__ = [
    "AnchorsConfig",
    "AugmentConfig",
    "BudgetConfig",
    "Config",
    "EngineConfig",
    "ExecutionConfig",
    "HealthConfig",
    "LoadingConfig",
    "Policy",
    "PretrainConfig",
    "PromptConfig",
    "RefineConfig",
    "RelabelConfig",
    "SamplingConfig",
    "SelectionConfig",
    "ServerConfig",
    "SessionConfig",
    "StoppingConfig",
    "TrainingConfig",
    "VotingConfig",
    "from_json",
    "require",
    "to_json",
]


Policy = Literal["all", "best-k", "correct-only", "greedy-diverse", "prioritized", "uniform"]
"""How the programs of a task are chosen; see ``selection``."""


Schedule = Literal[
    "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial", "inverse_sqrt"
]
"""Course of a learning rate, by the names of transformers."""
Optimizer = Literal["adamw_torch_fused", "adamw_torch", "adamw_8bit", "paged_adamw_8bit", "adafactor", "sgd"]
"""What makes a step of a gradient, by the names of transformers."""


def require(condition: bool, setting: str, value: object, expectation: str) -> None:
    """Raise ``ConfigError`` in the house form unless ``condition`` holds."""
    if not condition:
        raise ConfigError(f"{setting} is {value!r}; {expectation} — see --help")


@dataclass(frozen=True)
class AugmentConfig:
    """How each prompt's task is changed before the model sees it."""

    dihedral: bool = True
    """Turn and mirror the task by a random element of D8."""
    colors: bool = True
    """Permute the colours at random."""
    keep_background: float = 0.9
    """How often a colour permutation leaves 0 (black, the usual background) in place."""
    order: bool = True
    """Shuffle the train pairs."""

    def __post_init__(self) -> None:
        require(0 <= self.keep_background <= 1, "augment.keep-background", self.keep_background, "expected 0–1")


@dataclass(frozen=True)
class PromptConfig:
    """In which words the model is asked."""

    template: str | None = None
    """``barc``: the BARC models' own format, byte for byte. ``compact``: the embedded model's. ``plain``: for chat models
    that were not trained on the program library. Or a file with a template of your own (docs/search.md), whose text is
    stored with the run. Default: what the model was trained on."""
    library: bool = False
    """List the program library's functions in the prompt; the ``plain`` template has a place for them."""

    def __post_init__(self) -> None:
        fits = not self.library or self.template not in (None, "barc", "compact")
        require(fits, "prompt.library", self.library, "expected --prompt.template plain, or a file, beside it")


@dataclass(frozen=True)
class RefineConfig:
    """How many prompts show an earlier program of their task and ask for a better one."""

    share: float = 0.0
    """Share of a task's prompts in every round but the first; 0 = none. The earlier programs are those of the rounds before,
    the best first, each in the frame that it was written in (docs/search.md)."""

    def __post_init__(self) -> None:
        require(0 <= self.share <= 1, "refine.share", self.share, "expected 0 (none) to 1 (all)")


@dataclass(frozen=True)
class SamplingConfig:
    """How completions are drawn from the model."""

    temperature: tuple[float, ...] = (1.0,)
    """Divides the logits before the softmax; 0 takes the likeliest token. Several: a task's draws take them in turn, so
    that some explore and some exploit."""
    top_p: float = 0.95
    """Keep the likeliest tokens that together have this probability (nucleus sampling)."""
    min_p: float = 0.0
    """Keep tokens with at least this share of the likeliest token's probability; 0 = all that top_p keeps."""
    max_tokens: int | None = None
    """Longest completion, in tokens; a longer one is cut there and usually invalid. Default: what suits the model."""
    max_prompt_tokens: int | None = None
    """Prompts longer than this are skipped and counted. Default: what suits the model."""
    completions_per_prompt: int = 8
    """Completions drawn after one augmented prompt before the task is augmented afresh."""
    rows: int = 128
    """Completions decoded side by side; fewer need less memory."""
    prefill_tokens: int = 32_768
    """Prompt tokens whose keys and values are held at once; fewer need less memory."""

    def __post_init__(self) -> None:
        heat = self.temperature
        require(bool(heat) and min(heat) >= 0, "sampling.temperature", heat, "expected numbers of 0 or more")
        require(0 <= self.min_p < 1, "sampling.min-p", self.min_p, "expected 0 or more, less than 1")
        require(0 < self.top_p <= 1, "sampling.top-p", self.top_p, "expected more than 0, at most 1")
        for name in ("max_tokens", "max_prompt_tokens", "completions_per_prompt", "rows", "prefill_tokens"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"sampling.{name.replace('_', '-')}", value, "expected 1 or more")


@dataclass(frozen=True)
class ServerConfig:
    """The OpenAI-compatible server that ``--sampler openai`` draws from.

    Its key is in the environment's ARCLOOP_API_KEY or OPENAI_API_KEY, and nowhere else.
    """

    base_url: str | None = None
    """Address of its API, such as http://127.0.0.1:8000/v1. Default: the environment's OPENAI_BASE_URL, so that a run
    can be resumed with a server elsewhere, or else that address."""
    model: str | None = None
    """Name under which it serves the model. Default: the only one it serves, or the one called like --model."""
    api: Literal["completions", "chat"] = "completions"
    """``completions``: the rendered prompt is continued, as in training. ``chat``: for services that take messages only;
    search alone, and a prompt template that does not begin the answer (plain)."""
    concurrency: int = 32
    """Requests under way at once; each asks for all completions of a prompt."""
    retries: int = 6
    """How often a request is repeated that failed in passing (rate limits, overload, lost connections)."""
    timeout: float = 600.0
    """Seconds to wait for the answer to a request."""
    prompt_price: float = 0.0
    """Price of a million prompt tokens, for the sum that a run prints."""
    completion_price: float = 0.0
    """Price of a million sampled tokens, for the sum that a run prints."""

    def __post_init__(self) -> None:
        url = self.base_url
        fits = url is None or url.startswith(("http://", "https://"))
        require(fits, "server.base-url", url, "expected an address that begins with http:// or https://")
        # The configuration is stored in the run's folder.
        secret = url is not None and "@" in url
        require(not secret, "server.base-url", "…@…", "expected no password in it; put a key into ARCLOOP_API_KEY")
        require(self.concurrency >= 1, "server.concurrency", self.concurrency, "expected 1 or more")
        require(self.retries >= 0, "server.retries", self.retries, "expected 0 or more")
        require(self.timeout > 0, "server.timeout", self.timeout, "expected more than 0 seconds")
        require(self.prompt_price >= 0, "server.prompt-price", self.prompt_price, "expected 0 or more")
        require(self.completion_price >= 0, "server.completion-price", self.completion_price, "expected 0 or more")


@dataclass(frozen=True)
class EngineConfig:
    """The vLLM engine that ``--sampler vllm`` starts in this process."""

    tensor_parallel_size: int = 1
    """GPUs that share the model's matrices."""
    gpu_memory_utilization: float = 0.85
    """Share of each GPU's memory that the engine takes for weights, keys and values. While the adapter is trained it
    gives all of it back."""
    enforce_eager: bool = False
    """Leave out CUDA graphs: starts in seconds and needs less memory, samples slower."""

    def __post_init__(self) -> None:
        require(
            self.tensor_parallel_size >= 1,
            "engine.tensor-parallel-size",
            self.tensor_parallel_size,
            "expected 1 or more",
        )
        share = self.gpu_memory_utilization
        require(0 < share <= 1, "engine.gpu-memory-utilization", share, "expected more than 0, at most 1")


@dataclass(frozen=True)
class StoppingConfig:
    """When a task is no longer sampled, and who gets its programs."""

    perfect: int = 2
    """A task is done with so many different programs that are right on all its train pairs and agree on its test outputs;
    0 = never."""
    move: bool = True
    """What a task that is done leaves of its programs goes to the unsolved tasks of its group; off: it is saved."""
    every: int = 256
    """Completions of a group after which the loop looks which of its tasks are done: fewer stop sooner, more keep a large
    GPU busier."""

    def __post_init__(self) -> None:
        require(self.perfect >= 0, "stopping.perfect", self.perfect, "expected 0 (never) or more")
        require(self.every >= 1, "stopping.every", self.every, "expected 1 or more")


@dataclass(frozen=True)
class BudgetConfig:
    """What a whole run may spend, spread evenly over all that is still to be searched."""

    programs: int | None = None
    """Completions in all."""
    tokens: int | None = None
    """Sampled tokens in all; exceeded by no more than the completion during which it runs out."""
    seconds: float | None = None
    """Wall time of searching and learning in all, also over interruptions. What it lets through depends on the machine."""

    def __post_init__(self) -> None:
        for name in ("programs", "tokens"):
            value = getattr(self, name)
            require(value is None or value >= 1, f"budget.{name}", value, "expected 1 or more")
        require(self.seconds is None or self.seconds > 0, "budget.seconds", self.seconds, "expected more than 0")


@dataclass(frozen=True)
class AnchorsConfig:
    """Rows from what the model was trained on, mixed into every learning against forgetting it."""

    share: float = 0.1
    """Share of them in the rows of a round; 0 = none. The embedded model's come from its grammar; for another model there
    are none unless a file has some."""
    path: str | None = None
    """Training set that they are drawn from, in any format that ``arcloop train`` reads."""

    def __post_init__(self) -> None:
        require(0 <= self.share < 1, "anchors.share", self.share, "expected 0 or more, less than 1")


@dataclass(frozen=True)
class HealthConfig:
    """When an adapter has done harm."""

    rollback: float = 0.5
    """An adapter is dropped, and search goes on with the one before it, if its share of valid outputs is below so much of
    the best that an earlier round had on the same tasks; 0 = never."""

    def __post_init__(self) -> None:
        require(0 <= self.rollback <= 1, "health.rollback", self.rollback, "expected 0 (never) to 1")


@dataclass(frozen=True)
class ExecutionConfig:
    """How programs are run, and what they may use."""

    workers: int = 0
    """Programs run side by side; 0 = one per core."""
    timeout: float = 2.0
    """CPU seconds a program may use over all its inputs. CPU time, so that a busy machine changes no verdict;
    honest programs take milliseconds, and endless loops pay this in full."""
    wall_timeout: float = 10.0
    """Wall seconds after which a program is stopped although it used little CPU (it sleeps or waits)."""
    memory: int = 512
    """Megabytes that a program may allocate beyond the interpreter itself."""
    mode: Literal["batch", "strict"] = "batch"
    """``batch``: a process serves several programs, its state checked after each. ``strict``: a fresh one for each."""
    batch_size: int = 512
    """Programs that one process serves at the most in batch mode; a fork costs as much as some programs."""
    lower_after: int = 0
    """After so many timeouts in one group of jobs (a task) its limit is halved, and again after as many more, down to
    an eighth; 0 = never. Saves time where a task breeds endless loops; verdicts near the limit then depend on order."""
    allow_weak_sandbox: bool = False
    """Go on with resource limits alone where the kernel offers no seccomp; only for programs that you trust."""

    def __post_init__(self) -> None:
        require(self.workers >= 0, "execution.workers", self.workers, "expected 0 (one per core) or more")
        require(self.timeout > 0, "execution.timeout", self.timeout, "expected more than 0 seconds")
        require(
            self.wall_timeout >= self.timeout,
            "execution.wall-timeout",
            self.wall_timeout,
            f"expected at least execution.timeout ({self.timeout:g})",
        )
        require(self.memory >= 64, "execution.memory", self.memory, "expected 64 megabytes or more")
        require(self.batch_size >= 1, "execution.batch-size", self.batch_size, "expected 1 or more")
        require(self.lower_after >= 0, "execution.lower-after", self.lower_after, "expected 0 (never) or more")


@dataclass(frozen=True)
class SelectionConfig:
    """Which programs the model learns from."""

    policy: Policy = "best-k"
    """``best-k``: per task the k best by correct train grids, shorter first. ``greedy-diverse``: half of the k best, half
    with the fewest correct grids. ``correct-only``: the k best of those right on all train pairs. ``uniform``: k at random.
    ``prioritized``: k at random, the more correct grids the likelier. ``all``: everything that passes the filters."""
    k: int = 8
    """Programs per task and round; ``all`` does not look at it."""
    solved_tasks: bool = True
    """Also learn from tasks that have a program right on all train pairs."""
    unchanged: bool = True
    """Also learn from programs whose pairs are the task's own, so that nothing was relabeled; off: from hindsight alone."""
    max_characters: int | None = None
    """Drop programs with a longer source than this; default: however long."""

    def __post_init__(self) -> None:
        require(self.k >= 1, "selection.k", self.k, "expected 1 or more")
        most = self.max_characters
        require(most is None or most >= 1, "selection.max-characters", most, "expected 1 or more")
        for name in ("solved_tasks", "unchanged"):
            value = getattr(self, name)
            fits = value or self.policy != "correct-only"
            require(fits, f"selection.{name.replace('_', '-')}", value, "expected True with the policy correct-only")


@dataclass(frozen=True)
class RelabelConfig:
    """How a program and what it gave become examples."""

    pairs: Literal["all", "valid"] = "all"
    """``all``: every output of a program has to be a grid. ``valid``: only the inputs for which it gave one are shown."""
    min_pairs: int = 2
    """Train pairs that have to be left under ``valid``; of a task with fewer, all."""
    frame: Literal["asked", "original"] = "asked"
    """``asked``: the task as it was shown when the program was written. ``original``: the task as it is; the program is run
    again on these inputs, and what it gives there are the pairs."""
    shuffle: bool = True
    """Draw the order of the pairs anew for each example."""
    uses: int = 1
    """Examples made of each program, the order of the pairs and the test input drawn anew for each. With ``training.epochs``
    1 beside it every pass over a program has a draw of its own."""
    simplify: bool = False
    """Leave out statements without which a program gives the same outputs."""
    comments: bool = True
    """Keep the programs' comments."""
    other_tasks: int = 0
    """Run each program on the inputs of so many other tasks of its group too, and learn from what it gives there."""
    refinements: bool = False
    """Show, beside the task in hindsight, the earlier program that a program's prompt showed, and how far that one is from
    the new outputs; where no earlier program was shown the example is an ordinary one."""

    def __post_init__(self) -> None:
        for name in ("min_pairs", "uses"):
            value = getattr(self, name)
            require(value >= 1, f"relabel.{name.replace('_', '-')}", value, "expected 1 or more")
        require(self.other_tasks >= 0, "relabel.other-tasks", self.other_tasks, "expected 0 (none) or more")
        fits = not self.refinements or self.frame == "asked"
        require(
            fits, "relabel.refinements", True, "expected the frame asked beside it, in which both programs were run"
        )


@dataclass(frozen=True)
class LoadingConfig:
    """How a model's weights are held."""

    use_4bit_quantization: bool = False
    """Hold the base weights in 4 bits (NF4, by bitsandbytes): a quarter of the memory, somewhat slower. Only adapters
    can be trained then. With --sampler vllm the engine does so too."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Type in which the network computes. auto: bfloat16 on a GPU; on a CPU float32 for search, and for training
    bfloat16 where the CPU has it."""
    device_map: str | None = None
    """Where the weights go: None = one GPU for each process, or the CPU; auto = spread over all GPUs; or a device such as
    cuda:1."""


@dataclass(frozen=True)
class TrainingConfig:
    """How the adapter is trained on the selected examples."""

    lora_r: int = 16
    """Rank of the adapter."""
    lora_alpha: int = 64
    """Scale of the adapter: its factor is alpha / √r with rank-stabilised LoRA, else alpha / r."""
    lora_dropout: float = 0.0
    """Share of the adapter's inputs that is zeroed at random while training."""
    use_rslora: bool = True
    """Rank-stabilised LoRA (arXiv:2312.03732): the factor falls with √r, so that a higher rank does not learn more slowly."""
    use_dora: bool = False
    """Weight-decomposed LoRA (arXiv:2402.09353): trains the length of each weight row besides. Slower; vLLM cannot use it."""
    init_lora_weights: Literal["default", "gaussian", "orthogonal"] = "default"
    """Initial values of the adapter; all three leave the model as it was until the first step."""
    target_modules: tuple[str, ...] = ("all-linear",)
    """Layers that get an adapter, by the ends of their names, such as q_proj v_proj; all-linear = all but the head."""
    learning_rate: float | None = None
    """Peak of the optimizer's step size. Default: what suits the model (1e-5 for 7–8B ones)."""
    lr_scheduler_type: Schedule = "constant"
    """Course of the step size after the warm-up."""
    warmup: int = 5
    """Optimizer steps over which the learning rate rises to its peak."""
    optimizer: Optimizer = "adamw_torch_fused"
    """What makes a step of a gradient. The 8-bit ones (bitsandbytes) need a GPU and hold their state in a quarter of the memory."""
    weight_decay: float = 0.0
    """Share of each weight that is taken away in a step, times the learning rate."""
    epochs: int = 2
    """Passes over the examples."""
    batch_size: int = 8
    """Examples per optimizer step, over all processes."""
    max_tokens: int = 10_000
    """Longest example, prompt and completion together; a longer one is dropped and counted, never cut."""
    max_grad_norm: float = 1.0
    """The gradient is scaled down to this norm."""
    packing: bool = True
    """Several examples go through the network as one row, each attending to itself alone: the loss is the same, and no
    time goes into padding."""
    pack_tokens: int | None = None
    """Tokens of such a row; fewer need less memory. A longer example goes alone. Default: 4096, and 1024 for a CPU in
    float32, which is no slower with that."""
    per_device_train_batch_size: int = 1
    """Without packing: examples that go through the network at once. Must divide the batch size."""
    gradient_checkpointing: bool = False
    """Keep only the input of each layer and compute the rest again for the gradient: less memory, a third more time."""
    use_liger_kernel: bool = False
    """Fused kernels of liger-kernel for norms, rotary embeddings and gated units; for NVIDIA GPUs."""

    def __post_init__(self) -> None:
        counts = ("lora_r", "lora_alpha", "epochs", "batch_size", "max_tokens")
        for name in (*counts, "per_device_train_batch_size"):
            value = getattr(self, name)
            require(value >= 1, f"training.{name.replace('_', '-')}", value, "expected 1 or more")
        pack = self.pack_tokens
        require(pack is None or pack >= 1, "training.pack-tokens", pack, "expected 1 or more")
        rate = self.learning_rate
        require(rate is None or rate > 0, "training.learning-rate", rate, "expected more than 0")
        require(
            0 <= self.lora_dropout < 1, "training.lora-dropout", self.lora_dropout, "expected 0 or more, less than 1"
        )
        require(self.weight_decay >= 0, "training.weight-decay", self.weight_decay, "expected 0 or more")
        require(self.warmup >= 0, "training.warmup", self.warmup, "expected 0 or more")
        require(self.max_grad_norm > 0, "training.max-grad-norm", self.max_grad_norm, "expected more than 0")
        require(bool(self.target_modules), "training.target-modules", self.target_modules, "expected at least one name")


@dataclass(frozen=True)
class VotingConfig:
    """How the two attempts for a test grid are chosen."""

    rescore: bool = False
    """Where several grids tie for an attempt, ask the model how likely it finds the program behind each, and take the
    likeliest; otherwise the shortest. Needs the model once more when the run is finished, and on each evaluation."""
    views: int = 8
    """Orders of the train pairs, and test inputs, under which it is asked about each program."""
    candidates: int = 8
    """Programs that it is asked about for one test grid at the most, the shortest first."""

    def __post_init__(self) -> None:
        for name in ("views", "candidates"):
            require(getattr(self, name) >= 1, f"voting.{name}", getattr(self, name), "expected 1 or more")


@dataclass(frozen=True)
class SessionConfig:
    """One training on files: on what, how long, and what is logged and kept of it."""

    train_dataset_path: tuple[str, ...]
    """Training sets: Parquet, JSON lines, a folder saved by datasets, or JSON of rendered chats by task."""
    dataset_weights: tuple[float, ...] = ()
    """How often an epoch takes the rows of each training set: 2 = twice, 0.5 = half of them. Default: once each."""
    eval_dataset_path: str | None = None
    """Set whose loss is measured and which is never trained on."""
    eval_split: float = 0.0
    """Share of the tasks (of the rows, in a set of few tasks) that is held out for that instead."""
    max_steps: int | None = None
    """Optimizer steps; takes precedence over the number of epochs."""
    seed: int = 0
    """Order of the rows, held-out share and dropout follow from it."""
    use_lora: bool = True
    """Train an adapter; otherwise all weights, and the result is a model folder."""
    adapter_path: str | None = None
    """Go on from this saved adapter, with its rank and kind."""
    resume_from_checkpoint: bool = True
    """Go on from the newest whole checkpoint in the output folder, if there is one."""
    logging_steps: int = 10
    """Steps between lines of metrics.jsonl; each has the mean loss since the last."""
    save_steps: int = 100
    """Steps between checkpoints."""
    save_total_limit: int = 2
    """Checkpoints that are kept."""
    eval_steps: int = 100
    """Steps between measurements of the held-out loss."""
    dataloader_num_workers: int = 1
    """Threads that tokenise the training sets."""
    report_to: Literal["none", "trackio", "wandb", "tensorboard"] = "none"
    """Where the metrics are shown besides, by a package that must be installed; from this machine unless it is told otherwise."""

    def __post_init__(self) -> None:
        require(bool(self.train_dataset_path), "train-dataset-path", self.train_dataset_path, "expected a training set")
        sets, weights = len(self.train_dataset_path), self.dataset_weights
        require(len(weights) in (0, sets), "dataset-weights", weights, f"expected one for each training set ({sets})")
        require(0 <= self.eval_split < 1, "eval-split", self.eval_split, "expected 0 or more, less than 1")
        for name in ("logging_steps", "save_steps", "save_total_limit", "eval_steps", "dataloader_num_workers"):
            value = getattr(self, name)
            require(value >= 1, name.replace("_", "-"), value, "expected 1 or more")
        require(self.max_steps is None or self.max_steps >= 1, "max-steps", self.max_steps, "expected 1 or more")
        without = self.use_lora or self.adapter_path is None
        require(without, "adapter-path", self.adapter_path, "expected use-lora beside it")


@dataclass(frozen=True)
class PretrainConfig:
    """How the embedded model is made from nothing."""

    minutes: float = 120.0
    """Wall time of training; the learning rate's schedule is stretched over it."""
    processes: int = 0
    """Processes that train together, one core each; 0 = one per core."""
    seed: int = 0
    """Every row and the initial weights follow from it."""
    vocabulary: int = 2048
    """Tokens of the tokenizer at the most."""
    width: int = 192
    """Size of a hidden state."""
    layers: int = 6
    """Transformer blocks."""
    heads: int = 4
    """Attention heads per block."""
    inner: int = 512
    """Width of each block's gated linear unit."""
    cells: int = 900
    """Cells of all grids shown in one row at the most; a few rows are larger."""
    pack: int = 6144
    """Tokens per process and optimizer step."""
    learning_rate: float = 2e-3
    """Peak step size of AdamW (embeddings and norms); cosine to a twentieth."""
    muon_rate: float = 2e-2
    """Peak step size of Muon (matrices); cosine to a twentieth."""
    warmup: float = 0.02
    """Share of the time over which the learning rate rises from 0."""
    held_out: int = 256
    """Rows that are never trained on and measure progress."""

    def __post_init__(self) -> None:
        require(self.minutes > 0, "minutes", self.minutes, "expected more than 0")
        require(self.processes >= 0, "processes", self.processes, "expected 0 (one per core) or more")
        for name in ("vocabulary", "width", "layers", "heads", "inner", "cells", "pack", "held_out"):
            value = getattr(self, name)
            require(value >= 1, name.replace("_", "-"), value, "expected 1 or more")
        require(self.width % self.heads == 0, "width", self.width, f"expected a multiple of heads ({self.heads})")
        require(self.learning_rate > 0, "learning-rate", self.learning_rate, "expected more than 0")
        require(self.muon_rate > 0, "muon-rate", self.muon_rate, "expected more than 0")
        require(0 <= self.warmup < 1, "warmup", self.warmup, "expected 0 or more, less than 1")


@dataclass(frozen=True)
class Config:
    """A whole run. Equal configurations give equal programs, adapters and submissions on one machine."""

    tasks: str
    """Task set: arc1-train, arc1-eval, arc2-train, arc2-eval, drawing; or the path of a folder of ARC JSON files
    or of a Kaggle challenges file."""
    limit: int | None = None
    """Take only the first N tasks of the set."""
    task_ids: tuple[str, ...] = ()
    """Take only these tasks of the set."""
    model: str = "embedded"
    """``embedded`` (ships with arcloop, runs on a CPU), the folder or hub name of a Hugging Face causal language model, or,
    in place of a model, ``grammar`` or ``replay``: see ``sampler``."""
    adapter: str | None = None
    """Folder of a saved adapter to search with; needs a search of one round."""
    rounds: int = 2
    """Search rounds, with learning between them: 1 is search only."""
    programs: int = 64
    """Programs per task and round."""
    seed: int = 0
    """Every random choice follows from this number and its own coordinates."""
    group_size: int = 20
    """Tasks that share an adapter and are searched together; 0 = all."""
    restart: bool = True
    """Every round learns from the base model anew, on the best programs of all rounds; off: from the last round's adapter
    on, on the newest round's programs."""
    overlap: bool = True
    """A group learns while the next one is searched, where completions come from a server (``openai``); changes nothing
    but the time. Off: where the server computes on the device that is learned on, and its memory is short."""
    loading: LoadingConfig = field(default_factory=LoadingConfig)
    """How the model's weights are held."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    """How each prompt's task is changed before the model sees it."""
    prompt: PromptConfig = field(default_factory=PromptConfig)
    """In which words the model is asked."""
    refine: RefineConfig = field(default_factory=RefineConfig)
    """How many prompts show an earlier program of their task and ask for a better one."""
    sampler: Literal["transformers", "vllm", "openai", "grammar", "replay"] = "transformers"
    """What draws completions. ``transformers``: the network in this process that is also trained. ``vllm``: a vLLM engine
    in this process (extra gpu). ``openai``: any OpenAI-compatible server; it learns if it can load adapters, as vLLM's can.
    ``grammar``: random programs, without a model. ``replay``: the completions of an earlier run. These two search and
    never learn, so further rounds are further searches."""
    source: str | None = None
    """Folder of the run whose completions ``--sampler replay`` gives again; its settings are the defaults then."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    """How completions are drawn from the model."""
    server: ServerConfig = field(default_factory=ServerConfig)
    """Where ``--sampler openai`` draws from."""
    engine: EngineConfig = field(default_factory=EngineConfig)
    """How ``--sampler vllm`` uses the GPUs."""
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    """How programs are run, and what they may use."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    """Which programs the model learns from."""
    relabel: RelabelConfig = field(default_factory=RelabelConfig)
    """How a program and what it gave become examples."""
    training: TrainingConfig = field(default_factory=TrainingConfig)
    """How the adapter is trained on the selected examples."""
    anchors: AnchorsConfig = field(default_factory=AnchorsConfig)
    """Rows from what the model was trained on, mixed into every learning against forgetting it."""
    health: HealthConfig = field(default_factory=HealthConfig)
    """When an adapter has done harm."""
    stopping: StoppingConfig = field(default_factory=StoppingConfig)
    """When a task is no longer sampled, and who gets its programs."""
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    """What a whole run may spend, spread evenly over all that is still to be searched."""
    voting: VotingConfig = field(default_factory=VotingConfig)
    """How the two attempts for a test grid are chosen."""

    def __post_init__(self) -> None:
        for name in ("rounds", "programs"):
            value = getattr(self, name)
            require(value >= 1, name, value, "expected 1 or more")
        require(self.group_size >= 0, "group-size", self.group_size, "expected 0 (all) or more")
        require(self.limit is None or self.limit >= 1, "limit", self.limit, "expected 1 or more")
        learns = self.rounds > 1 and self.training.use_dora
        require(
            not learns or self.sampler == "transformers",
            "training.use-dora",
            True,
            f"expected LoRA, which is what vLLM computes with, beside --sampler {self.sampler}; or --sampler transformers",
        )
        chat = self.sampler == "openai" and self.server.api == "chat"
        require(
            not chat or self.rounds == 1, "rounds", self.rounds, "expected 1 with --server.api chat, which cannot learn"
        )
        alone = self.adapter is None or self.rounds == 1
        require(alone, "rounds", self.rounds, "expected 1 with --adapter, because learning begins at the base model")
        weightless = bool({self.sampler, self.model} & {"grammar", "replay"})
        require(self.adapter is None or not weightless, "adapter", self.adapter, "expected none without a model")
        replays = "replay" in (self.sampler, self.model)
        expected = "expected a run's folder with --sampler replay, and nothing with another sampler"
        require(replays == (self.source is not None), "from", self.source, expected)
        require(
            not (chat and self.voting.rescore),
            "voting.rescore",
            True,
            "expected a model that can be loaded here, beside --server.api chat",
        )


C = TypeVar("C")


def to_json(config: object) -> str:
    """The configuration with all its defaults, as indented JSON; ``from_json`` is the inverse."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"  # type: ignore[call-overload]


def from_json(cls: type[C], path: Path) -> C:
    """Read a ``cls`` that ``to_json`` wrote to ``path``.

    Raises:
        ConfigError: the file cannot be read, lacks a setting, or has one that is unknown or of another kind.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: cannot be read as JSON ({error}); expected a configuration — restore the file"
        ) from None
    return typing.cast(C, _build(cls, raw, str(path)))


def _build(cls: Any, raw: Any, where: str) -> Any:
    hints = typing.get_type_hints(cls)
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} is {raw!r}; expected an object with settings — restore the file")
    needed = {f.name for f in dataclasses.fields(cls) if f.default is f.default_factory is dataclasses.MISSING}
    if not needed <= raw.keys() <= hints.keys():
        what = f"unknown settings {sorted(raw.keys() - hints.keys())}, missing settings {sorted(needed - raw.keys())}"
        raise ConfigError(f"{where}: {what}; expected what this version writes — use the arcloop version that wrote it")
    return cls(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in raw.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    """``value`` as a field of type ``hint`` holds it."""
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where)
    # Of X | None, Python makes one type or the other, after what X is.
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    kinds = typing.get_args(hint) if union else (hint,)
    for kind in kinds:
        origin = typing.get_origin(kind)
        if origin is Literal:
            if value in typing.get_args(kind):
                return value
        elif origin is tuple:
            item_kind = typing.get_args(kind)[0]
            fits = (int, float) if item_kind is float else (item_kind,)
            if isinstance(value, list) and all(type(item) in fits for item in value):
                return tuple(value)
        # JSON writes 2.0 as it likes, and True is an int to Python alone.
        elif type(value) is kind or (kind is float and type(value) is int):
            return value
    expected = hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
    raise ConfigError(f"{where} is {value!r}; expected {expected} — restore the file")
