"""Trainings outside a run, on files and of the embedded model from nothing; and where a run is worked on."""

from dataclasses import dataclass
from typing import Literal

from arcloop.config.require import require, require_finite

__all__ = ["ClusterConfig", "PretrainConfig", "SessionConfig"]


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
        require_finite(self)
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
    """Time of training, by ``clock``, without what measuring takes; the learning rate's schedule is stretched over it. The
    only setting that may be another when a training goes on."""
    clock: Literal["wall", "cpu"] = "wall"
    """``wall``: minutes of the day. ``cpu``: those that the first training process computes, for a training on a CPU that
    runs beside other work and is stopped and taken up again."""
    processes: int = 0
    """Processes that train together, one GPU or else one core each; 0 = one per GPU if there is one, else one per core."""
    data_workers: int = 0
    """Processes beside each training process that make rows; 0 = it makes its own."""
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
    start: str | None = None
    """Folder of a model to go on from, such as an earlier result of this command: its tokenizer and weights. With more
    layers or inner than it has it begins as the same function, and has room to learn more; default: from nothing."""
    cells: int = 1200
    """Cells of all grids shown in one row at the most; a few rows are larger."""
    easy: float = 0.5
    """Share of the time over which that number grows from a quarter to the whole: small grids teach sooner, and cost less."""
    drawing: float = 0.25
    """Share of rows that paint pictures on a blank canvas, as in ``--tasks drawing``."""
    steps: tuple[float, ...] = (0.25, 0.25, 0.2, 0.15, 0.1, 0.05)
    """How often the program of another row has one step, two steps, and so on, before those without effect are left out."""
    refinement: float = 0.15
    """Share of rows that show a nearly right program too, with what it gives, and ask for the right one."""
    solved: float = 0.4
    """Share of the rows that are no drawings whose program is a hand-written solution of an ARC-AGI-1 training task, or a
    mutant of one; the others are programs of the grammar."""
    replay_dataset_path: tuple[str, ...] = ()
    """Training sets, such as those of ``arcloop relabel``, whose rows are learned beside the made ones: what a model found in
    searches of its own."""
    replay: float = 0.5
    """Share of all rows that are drawn from these sets, where there are any."""
    pack: int = 6144
    """Tokens per process and optimizer step; longer rows of the sets are left out."""
    learning_rate: float = 1e-3
    """Peak step size of AdamW (embeddings and norms); cosine to a twentieth."""
    muon_rate: float = 1e-2
    """Peak step size of Muon (matrices); cosine to a twentieth."""
    warmup: float = 0.02
    """Share of the time over which the learning rate rises from 0."""
    held_out: int = 256
    """Rows that are never trained on and measure progress."""
    held_out_tasks: int = 64
    """How many such rows are also given to the model as tasks at each checkpoint, every five minutes, with 8 completions
    each, to see what share it solves; 0 = none."""

    def __post_init__(self) -> None:
        require_finite(self)
        require(self.minutes > 0, "minutes", self.minutes, "expected more than 0")
        require(self.processes >= 0, "processes", self.processes, "expected 0 (one per core) or more")
        require(self.data_workers >= 0, "data-workers", self.data_workers, "expected 0 (none) or more")
        require(self.held_out_tasks >= 0, "held-out-tasks", self.held_out_tasks, "expected 0 (none) or more")
        for name in ("vocabulary", "width", "layers", "heads", "inner", "pack", "held_out"):
            value = getattr(self, name)
            require(value >= 1, name.replace("_", "-"), value, "expected 1 or more")
        require(self.cells >= 200, "cells", self.cells, "expected 200 or more: rows begin at a quarter of that")
        require(self.width % self.heads == 0, "width", self.width, f"expected a multiple of heads ({self.heads})")
        require(self.learning_rate > 0, "learning-rate", self.learning_rate, "expected more than 0")
        require(self.muon_rate > 0, "muon-rate", self.muon_rate, "expected more than 0")
        require(0 <= self.warmup < 1, "warmup", self.warmup, "expected 0 or more, less than 1")
        fits = bool(self.steps) and min(self.steps) >= 0 < sum(self.steps)
        require(fits, "steps", self.steps, "expected shares of 0 or more, not all of them 0")
        for name in ("easy", "drawing", "refinement", "solved", "replay"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "expected 0 to 1")


@dataclass(frozen=True)
class ClusterConfig:
    """Which machines and devices work on a run; nothing of what it finds depends on it, but on ``cpus_per_group``."""

    address: str
    """``local``: this machine, all of its GPUs. ``auto``: the Ray cluster that this machine belongs to. Or the address of one,
    such as ``10.0.0.5:6379``."""
    workers: int | None = None
    """Groups that are worked on at a time, at the most; default: as many as there is room for."""
    gpus_per_group: float | None = None
    """GPUs of a worker; 0.5 = two workers share one. Default: 1 where there are GPUs and a network is computed here, else 0."""
    cpus_per_group: int = 1
    """Threads that a worker without a GPU computes with. On a CPU the same programs come of the same number only."""

    def __post_init__(self) -> None:
        require(bool(self.address.strip()), "cluster", self.address, "expected local, auto or an address")
        require(self.workers is None or self.workers >= 1, "cluster.workers", self.workers, "expected 1 or more")
        gpus = self.gpus_per_group
        fits = gpus is None or (0 <= gpus <= 1) or (1 < gpus < 1024 and gpus == int(gpus))
        require(fits, "cluster.gpus-per-group", gpus, "expected 0 to 1, or a whole number")
        require(self.cpus_per_group >= 1, "cluster.cpus-per-group", self.cpus_per_group, "expected 1 or more")
