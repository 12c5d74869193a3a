"""One of the processes that pretrain together: rows → gradients → weights.

Each process has rows of its own, from its own coordinates, and gradients are averaged over the
processes, with nccl on GPUs and gloo elsewhere, so all hold the same weights. Process 0 measures,
reports and saves.
"""

import json
import math
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from arcloop.config import PretrainConfig, from_json
from arcloop.execution import limits
from arcloop.files import write_bytes
from arcloop.model.language import LanguageModel
from arcloop.pretraining.muon import Muon
from arcloop.pretraining.network import new_model
from arcloop.pretraining.packs import Course, encode_row, held_out_row, packs
from arcloop.pretraining.solving import measure
from arcloop.training.loss import ALIGN, completion_loss, precision
from arcloop.training.rows import Row
from arcloop.training.store import RowStore

__all__ = ["CHECKPOINT", "REPLAYS", "train"]

CHECKPOINT = "checkpoint.safetensors"
REPLAYS = "replays.arrow"
"""The rows of training sets that are learned beside the made ones, in tokens: one file for all processes."""
_FLOOR = 0.05
"""The learning rate ends at this share of its peak."""
_EVERY = 300.0
"""Seconds between checkpoints."""
_PATIENCE = timedelta(days=30)
"""How long processes wait for one another: one of them, or all, may be stopped for hours. Of one that failed the parent learns."""


def train(config: PretrainConfig, folder: Path, rank: int) -> None:
    """Train until the time is over, from the last checkpoint in ``folder`` if there is one; process 0 saves there."""
    torch.set_num_threads(1)
    device = torch.device("cuda", rank) if torch.cuda.is_available() else torch.device("cpu")
    model = new_model(config, folder)
    network = model.network
    network.to(device)  # type: ignore[arg-type]  # its decorator hides the signature
    optimizers = _optimizers(config, network)
    checkpoint = folder / CHECKPOINT
    progress = _restore(checkpoint, network, optimizers)
    held_out = (
        [held_out_row(config, i) for i in range(max(config.held_out, config.held_out_tasks))] if rank == 0 else []
    )
    held_out_rows = [encode_row(model, row) for row in held_out[: config.held_out]]
    clock = time.process_time if config.clock == "cpu" else time.monotonic
    before, start, saved = progress["seconds"], clock(), time.monotonic()  # start moves on while nothing is learned
    course = Course(config, int(progress["steps"]), before / (60 * config.minutes))
    replays = RowStore(folder / REPLAYS) if config.replay_dataset_path else ()
    supply = packs(config, model, rank, course, replays)
    running = math.nan

    def keep() -> None:
        """Save, then measure: whatever stops a measurement, the weights are safe."""
        _save(checkpoint, network, optimizers, progress)
        rates = measure(model, held_out[: config.held_out_tasks], config.seed)
        _log(folder, {**progress, "held_out_loss": _evaluate(model, held_out_rows), **rates})

    while True:
        done = torch.tensor([(before + clock() - start) / (60 * config.minutes)], device=device)
        dist.broadcast(done, 0)  # all processes stop at the same step
        course.done = done.item()
        if course.done >= 1:
            break
        _set_rates(optimizers, course.done, config)
        loss, rows = _step(model, optimizers, next(supply))
        progress["steps"] += 1
        progress["rows"] += rows
        progress["seconds"] = before + clock() - start
        running = loss if math.isnan(running) else 0.98 * running + 0.02 * loss
        if rank == 0 and progress["steps"] % 20 == 0:
            _log(folder, {**progress, "loss": running})
        if rank == 0 and time.monotonic() - saved > _EVERY:
            measured = clock()
            keep()
            start += clock() - measured  # the time is that of training alone
            saved = time.monotonic()
    if rank == 0:
        keep()


def _optimizers(config: PretrainConfig, network: nn.Module) -> list[torch.optim.Optimizer]:
    matrices = [
        p for name, p in network.named_parameters() if p.ndim == 2 and "embed" not in name and "lm_head" not in name
    ]
    others = [p for p in network.parameters() if not any(p is m for m in matrices)]
    return [
        torch.optim.AdamW(others, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
        Muon(matrices, lr=config.muon_rate),
    ]


def _set_rates(optimizers: list[torch.optim.Optimizer], done: float, config: PretrainConfig) -> None:
    factor = _FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * done))
    factor *= min(1.0, (done + 1e-4) / config.warmup) if config.warmup else 1.0
    for optimizer, peak in zip(optimizers, (config.learning_rate, config.muon_rate), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = peak * factor


def _step(model: LanguageModel, optimizers: list[torch.optim.Optimizer], rows: list[Row]) -> tuple[float, int]:
    """One optimizer step on the rows of all processes; returns the mean loss per trained token and the rows in all."""
    totals = torch.tensor([float(sum(row.trained for row in rows)), float(len(rows)), 0.0], device=model.device)
    with precision(model):
        loss = completion_loss(model, rows, ALIGN)
    loss.backward()
    totals[2] = loss.detach()
    dist.all_reduce(totals)
    gradients = [p.grad for p in model.network.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= totals[0]
    flat *= min(1.0, 1.0 / (flat.norm().item() + 1e-6))
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return (totals[2] / totals[0]).item(), int(totals[1].item())


@torch.inference_mode()
def _evaluate(model: LanguageModel, rows: list[Row]) -> float:
    with precision(model):
        total = sum(completion_loss(model, [row], ALIGN).item() for row in rows)
    return total / sum(row.trained for row in rows)


def _log(folder: Path, line: dict[str, float]) -> None:
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _save(path: Path, network: nn.Module, optimizers: list[torch.optim.Optimizer], progress: dict[str, float]) -> None:
    """Write weights, optimizer states and progress into one file."""
    tensors = {f"network.{name}": p.detach().clone() for name, p in network.named_parameters()}
    for i, optimizer in enumerate(optimizers):
        for j, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{j}.{key}": torch.as_tensor(value).clone() for key, value in state.items()}
    write_bytes(path, save(tensors, metadata={"progress": json.dumps(progress)}))


def _restore(path: Path, network: nn.Module, optimizers: list[torch.optim.Optimizer]) -> dict[str, float]:
    """Take up what ``_save`` wrote, if it is there."""
    if not path.exists():
        return {"steps": 0, "rows": 0, "seconds": 0.0}
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 the file is no mapping
        progress: dict[str, float] = json.loads(file.metadata()["progress"])
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(tensors[f"network.{name}"])
    for i, optimizer in enumerate(optimizers):
        states: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(f"optimizer.{i}."):
                _, _, index, key = name.split(".")
                states.setdefault(int(index), {})[key] = tensor
        optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
    return progress


def main(config_path: str, folder: str, rank: str, processes: str) -> None:
    """Join the other processes and train; the arguments are those of the command line."""
    config = from_json(PretrainConfig, Path(config_path))
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(rank))
    limits.die_with_parent()  # else it would go on, and write where the next ones write
    dist.init_process_group(
        "nccl" if cuda else "gloo",
        init_method=(Path(folder) / "rendezvous").absolute().as_uri(),
        timeout=_PATIENCE,
        rank=int(rank),
        world_size=int(processes),
    )
    train(config, Path(folder), int(rank))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
