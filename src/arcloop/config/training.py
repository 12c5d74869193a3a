"""What is learned from, and how."""

from dataclasses import dataclass
from typing import Literal

from arcloop.config.require import require

__all__ = [
    "AnchorsConfig",
    "LoadingConfig",
    "Optimizer",
    "Policy",
    "RelabelConfig",
    "Schedule",
    "SelectionConfig",
    "TrainingConfig",
]

Policy = Literal["all", "best-k", "correct-only", "greedy-diverse", "prioritized", "uniform"]
"""How the programs of a task are chosen; see ``selection``."""

Schedule = Literal[
    "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial", "inverse_sqrt"
]
"""Course of a learning rate, by the names of transformers."""
Optimizer = Literal["adamw_torch_fused", "adamw_torch", "adamw_8bit", "paged_adamw_8bit", "adafactor", "sgd"]
"""What makes a step of a gradient, by the names of transformers."""


@dataclass(frozen=True)
class SelectionConfig:
    """Which programs the model learns from."""

    policy: Policy = "best-k"
    """Which programs of a task are learned from: docs/relabeling.md explains each. ``best-k``: per task the k best by correct train grids, shorter first. ``greedy-diverse``: half of the k best, half
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
    reading_order: bool = False
    """Put neighbouring statements that paint fixed rectangles in reading order, where neither covers the other."""
    comments: bool = True
    """Keep the programs' comments."""
    other_tasks: int = 0
    """Run each program on the inputs of so many other tasks of its group too, and learn from what it gives there."""
    variants: int = 0
    """Also learn from so many variants of each program, in other colours, and with what it paints in other places."""
    refinements: bool = False
    """Show, beside the task in hindsight, the earlier program that a program's prompt showed, and how far that one is from
    the new outputs; where no earlier program was shown the example is an ordinary one."""

    def __post_init__(self) -> None:
        for name in ("min_pairs", "uses"):
            value = getattr(self, name)
            require(value >= 1, f"relabel.{name.replace('_', '-')}", value, "expected 1 or more")
        for name in ("other_tasks", "variants"):
            value = getattr(self, name)
            require(value >= 0, f"relabel.{name.replace('_', '-')}", value, "expected 0 (none) or more")
        fits = not self.refinements or self.frame == "asked"
        require(
            fits, "relabel.refinements", True, "expected the frame asked beside it, in which both programs were run"
        )


@dataclass(frozen=True)
class AnchorsConfig:
    """Rows from what the model was trained on, mixed into every learning against forgetting it."""

    share: float = 0.1
    """Share of anchor rows in the rows of a round; 0 = none. The embedded model's come from its grammar; for another model there
    are none unless a file has some."""
    path: str | None = None
    """Training set that they are drawn from, in any format that ``arcloop train`` reads."""

    def __post_init__(self) -> None:
        require(0 <= self.share < 1, "anchors.share", self.share, "expected 0 or more, less than 1")


@dataclass(frozen=True)
class LoadingConfig:
    """How a model's weights are held."""

    use_4bit_quantization: bool | None = None
    """Hold the base weights in 4 bits (NF4, by bitsandbytes): a quarter of the memory, somewhat slower. Only adapters
    can be trained then. A vLLM engine has a setting of its own, ``engine.quantization``. Default: where they fit on a GPU in no
    other way."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Type in which the network computes. auto: bfloat16 on a GPU, or float16 on one that has none (before compute capability
    8.0); on a CPU float32 for search, and for training bfloat16 where the CPU has it."""
    device_map: str | None = None
    """Where the weights go: one device, such as cuda:1. Default: one GPU for each process, or the CPU."""


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
    """Optimizer steps over which the learning rate rises to its peak; at the most a quarter of all."""
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
    """Tokens of such a row; fewer need less memory. A longer example goes alone. Default: 4096; 1024 for a CPU in
    float32, which is no slower with that; on a GPU no more than fit."""
    per_device_train_batch_size: int = 1
    """Without packing: examples that go through the network at once. Must divide the batch size."""
    gradient_checkpointing: bool | None = None
    """Keep only the input of each layer and compute the rest again for the gradient: less memory, a third more time.
    Default: on a GPU."""
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
