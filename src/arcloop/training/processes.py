"""The processes that train together, one GPU or a share of the cores each.

Every process knows the whole batch and takes its share of it; gradients are summed before each
step. As each loss is divided by the tokens of the whole batch, the sum is the gradient that one
process alone would have had, up to rounding, whatever the shares are. Where the shares are whole
passes and their gradients are added in the order of the passes, it is that gradient to the bit.
"""

import itertools
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import cast

import torch
import torch.distributed as dist
from torch import Tensor

from arcloop.errors import ConfigError
from arcloop.training.rows import Row

__all__ = ["ALONE", "Processes", "connect", "disconnect", "join"]


@dataclass(frozen=True)
class Processes:
    """This process among those that train together."""

    rank: int = 0
    """Its number."""
    count: int = 1
    """How many there are."""

    exact: bool = False
    """Are gradients added in the order of their passes, as one process does? Each process holds those of its passes until
    then, and sends each of them: right for adapters, too much for whole models."""

    @property
    def first(self) -> bool:
        """Is it the one that writes files and talks to the user?"""
        return self.rank == 0

    def owners(self, sizes: Sequence[int]) -> list[int]:
        """Whose each of some pieces is: the largest first to whoever has least, so that none waits long for another."""
        loads = [0] * self.count
        owners = [0] * len(sizes)
        for place in sorted(range(len(sizes)), key=lambda place: sizes[place], reverse=True):
            rank = loads.index(min(loads))
            loads[rank] += sizes[place]
            owners[place] = rank
        return owners

    def share(self, rows: Sequence[Row]) -> list[Row]:
        """Its rows of a batch, with about as many tokens as those of the others."""
        owners = self.owners([len(row.ids) for row in rows])
        return [row for row, owner in zip(rows, owners, strict=True) if owner == self.rank]

    def any(self, here: bool) -> bool:
        """Is it so in any of the processes?"""
        if self.count == 1:
            return here
        found = torch.tensor(int(here))
        dist.all_reduce(found)
        return bool(found)

    def sum_in_order(self, owners: Sequence[int], held: Mapping[int, Tensor], like: Tensor) -> Tensor:
        """The sum of the numbers of all passes, (N,) each, in their order: to the bit what one process adds up.

        ``owners``: of each pass. ``held``: number of a pass → its own numbers, of those that this process owns; they may be
        written to. ``like``: of their shape, kind and device.
        """
        total: Tensor | None = None
        for number, owner in enumerate(owners):
            part = held[number] if owner == self.rank else torch.empty_like(like)
            dist.broadcast(part, owner)
            total = part if total is None else total.add_(part)
        return torch.zeros_like(like) if total is None else total

    def sum_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace each gradient by its sum over the processes; one without rows adds zeros."""
        if self.count == 1:
            return
        grads = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            grads.append(parameter.grad)
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
            grad.copy_(part.view_as(grad))

    def sum(self, value: float, device: torch.device) -> float:
        """The sum of a number over the processes."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=device)
        dist.all_reduce(total)
        return float(total)

    def wait(self) -> None:
        """Go on when all have come here, however long one of them takes (tokenising, a slow disk)."""
        if self.count > 1:
            dist.barrier(_patient())


ALONE = Processes()


@cache
def _patient() -> dist.ProcessGroup:
    """All processes, with time: in the usual group a wait ends with an error after 10 minutes on GPUs, and 30 on CPUs.

    Sums stay in the usual one: there a process that does not come has died or hangs.
    """
    return cast("dist.ProcessGroup", dist.new_group(backend="gloo", timeout=timedelta(days=30)))


def join(expected: int | None) -> Processes:
    """This process among those that ``torchrun`` or ``accelerate launch`` has started.

    Raises:
        ConfigError: there are not as many as ``expected``, or as the launcher was asked for.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    expected = expected or _asked_for()
    if expected is not None and expected != count:
        cpu = "" if torch.cuda.is_available() else "; accelerate launch starts only one process where there is no GPU"
        raise ConfigError(
            f"{expected} processes were asked for and {count} started{cpu}; expected as many"
            f" — start it with torchrun --nproc_per_node {expected}"
        )
    if count == 1:
        return ALONE
    from accelerate import PartialState  # here, because it takes a second

    state = PartialState(cpu=not torch.cuda.is_available())
    _patient()  # now, while all are at the same place
    return Processes(state.process_index, state.num_processes)


def connect(store: Path, rank: int, count: int, nccl: bool) -> None:
    """Meet those who train together on this machine; ``store``: a file that is not there yet, where they find each other.

    ``nccl``: tensors on GPUs go from one to the other, and not through the machine's memory.
    """
    # Nobody listens on an address that others reach.
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ[name] = loopback
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if nccl else "gloo", f"file://{store}", timedelta(minutes=30), count, rank
    )


def disconnect() -> None:
    """Leave them."""
    dist.destroy_process_group()


def _asked_for() -> int | None:
    """What ``accelerate launch`` was told by ``--num_processes``, read from its command line; None if it is not our parent."""
    try:
        words = Path(f"/proc/{os.getppid()}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    if not any("accelerate" in word for word in words[:3]):
        return None
    for option, value in itertools.pairwise(words):
        if option in ("--num_processes", "--num-processes") and value.isdigit():
            machines = os.environ.get("GROUP_WORLD_SIZE")
            return int(value) if machines in (None, "1") else None
    return None
