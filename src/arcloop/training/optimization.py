"""Batches of rows → steps of the trained weights.

The one place where weights change: rounds of the loop and ``arcloop train`` both step here.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from arcloop.config import TrainingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.model.language import LanguageModel
from arcloop.model.needs import need_for_training
from arcloop.model.precision import compute_type
from arcloop.seeds import seed_of
from arcloop.training.loss import ALIGN, completion_loss, precision
from arcloop.training.packing import passes
from arcloop.training.processes import ALONE, Processes
from arcloop.training.rows import Row

__all__ = ["Optimization", "Step"]

_SCALE = 2.0**16
"""What a loss in float16 is multiplied by at first, and at the most: its small gradients would be nothing otherwise."""
_STEADY = 1000
"""Steps after which a scale that was lowered is doubled again."""
_SCALED, _SINCE = "|scale", "|steady"
"""Names under which both are stored, which no parameter has."""


@dataclass(frozen=True)
class Step:
    """What an optimizer step came to, over all processes."""

    loss: float
    """Mean over the batch's trained tokens of weight × cross-entropy, in nats, before the step."""
    grad_norm: float
    """Euclidean norm of the gradient before it was scaled down."""
    learning_rate: float
    tokens: int
    """Tokens that went through the network."""


class Optimization:
    """Optimizer, schedule and place in it."""

    def __init__(
        self,
        model: LanguageModel,
        parameters: Mapping[str, nn.Parameter],
        config: TrainingConfig,
        steps: int,
        seed: int = 0,
        processes: Processes = ALONE,
    ) -> None:
        """``config`` must have been resolved: its learning rate is set. ``steps``: of the whole training, for the schedule.

        ``seed``: what dropout draws follows from it, the step, the process unless they are exact, and the pass.

        Raises:
            ConfigError: the learning rate is not set, or what was asked for does not run on this machine.
        """
        if config.learning_rate is None:
            raise ConfigError(
                "training.learning-rate is None; expected a number — resolve the config with the model's card first"
            )
        need_for_training(config, model.device.type)
        self.taken = 0
        """Steps so far."""
        self._model = model
        self._parameters = dict(parameters)
        self._config = config
        self._peak = config.learning_rate
        self._seed = seed
        self._processes = processes
        self._optimizer = _optimizer(list(self._parameters.values()), config, self._peak)
        self._course = _course(config, self._optimizer, steps)
        kind = compute_type(model.dtype, model.device)
        slow = model.device.type == "cpu" and kind is torch.float32
        # As others do, but a step whose gradient is too large is taken again, not left out.
        self._scale = _SCALE if kind is torch.float16 else None
        self._steady = 0
        # Activations of 1,024 float32 tokens stay in a core's cache.
        self._pack = config.pack_tokens or (1024 if slow else 4096)
        _prepare(model, config)

    def step(self, batch: Sequence[Row]) -> Step:
        """Take one step on a batch; all processes are given the whole of it."""
        config = self._config
        rate = self._peak * self._course(self.taken)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        parameters = self._parameters.values()
        while True:
            try:
                total = self._gradients(batch)
            except torch.OutOfMemoryError:
                # Out of this block nothing holds what the failed passes had computed.
                total = None
            if total is None:
                self._spare(batch)
                continue
            self._unscale(parameters)
            norm = torch.nn.utils.clip_grad_norm_(parameters, config.max_grad_norm)
            if self._fits(float(norm)):
                break
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.taken += 1
        return Step(float(total), float(norm), rate, sum(len(row.ids) for row in batch))

    def _gradients(self, batch: Sequence[Row]) -> Tensor | float | None:
        """Give the parameters the gradients of the batch; returns its loss, or None where another process has no room."""
        if self._processes.exact:
            return self._exact_gradients(batch)
        total = torch.zeros((), device=self._model.device)
        for number, rows in enumerate(passes(self._processes.share(batch), self._config, self._room())):
            # Not read before the end: on a GPU that would stop the passes from queueing up.
            total += self._pass(batch, rows, number)
        self._processes.sum_gradients(self._parameters.values())
        return self._processes.sum(float(total), self._model.device)

    def _exact_gradients(self, batch: Sequence[Row]) -> Tensor | None:
        """As one process has them, to the bit: each pass is whole in one process, and they are added in their order."""
        packs = list(passes(batch, self._config, self._room()))
        owners = self._processes.owners([sum(len(row.ids) for row in rows) for rows in packs])
        parameters, device = list(self._parameters.values()), self._model.device
        held: dict[int, Tensor] = {}
        losses = torch.zeros(len(packs), device=device)
        failed = False
        try:
            for number, rows in enumerate(packs):
                if owners[number] == self._processes.rank:
                    losses[number] = self._pass(batch, rows, number)
                    held[number] = torch.cat([_taken(parameter) for parameter in parameters])
        except torch.OutOfMemoryError:
            failed = True
        # All have the same passes, so what one has to spare, all do.
        if self._processes.any(failed):
            return None
        flat = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
        gradient = self._processes.sum_in_order(owners, held, flat)
        for parameter, part in zip(parameters, gradient.split([p.numel() for p in parameters]), strict=True):
            parameter.grad = part.view_as(parameter)
        each = {number: losses[number].clone() for number in held}
        return self._processes.sum_in_order(owners, each, losses.new_zeros(()))

    def _pass(self, batch: Sequence[Row], rows: Sequence[Row], number: int) -> Tensor:
        """Add the gradient of a pass to that of the parameters; returns its part of the batch's loss."""
        rank = 0 if self._processes.exact else self._processes.rank
        # Here, so that what is done again, or elsewhere, drops out the same.
        torch.manual_seed(seed_of(self._seed, "dropout", self.taken, rank, number) % 2**63)
        self._model.network.train()
        try:
            with precision(self._model):
                loss = completion_loss(self._model, rows, ALIGN) / sum(row.trained for row in batch)
            (loss if self._scale is None else loss * self._scale).backward()
            return loss.detach()
        finally:
            self._model.network.eval()

    def _unscale(self, parameters: Iterable[nn.Parameter]) -> None:
        if self._scale is not None:
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.div_(self._scale)  # a power of 2: nothing is rounded

    def _fits(self, norm: float) -> bool:
        """Is the gradient made of numbers? In float16 the next try has half the scale if not, and the double if so for long.

        Raises:
            RunError: no scale is left, or there is none.
        """
        scale = self._scale or 1.0
        if math.isfinite(norm):
            self._steady += self._scale is not None
            if self._steady == _STEADY:
                self._steady, self._scale = 0, min(2 * scale, _SCALE)
            return True
        if scale == 1:
            raise RunError(
                f"training: the gradient of step {self.taken + 1} is not finite{' in float16' if self._scale else ''}; expected numbers — pass "
                "--loading.dtype float32, or a lower training.learning-rate"
            )
        self._steady, self._scale = 0, scale / 2
        self._optimizer.zero_grad(set_to_none=True)
        return False

    def _room(self) -> int:
        """Tokens that go through the network at once."""
        return min(self._pack, self._model.pack_limit or self._pack)

    def _spare(self, batch: Sequence[Row]) -> None:
        """Out of memory: compute activations twice rather than keep them, then in smaller packs; the model stays with it.

        Raises:
            RunError: neither is left to be done.
        """
        self._optimizer.zero_grad(set_to_none=True)
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        network = self._model.network
        longest = max(len(row.ids) for row in batch)
        if network.supports_gradient_checkpointing and not self._model.checkpointing:
            self._model.start_checkpointing()
        elif self._config.packing and self._room() > longest:
            self._model.pack_limit = max(longest, self._room() // 2)
        else:
            raise RunError(
                f"training: memory is too small for a row of {longest} tokens, whatever is spared; expected room for it — "
                "lower training.max-tokens or training.lora-r, pass --loading.use-4bit-quantization, or take a larger GPU"
            )

    def mean_loss(self, rows: Sequence[Row]) -> float:
        """The loss of rows that are not trained on, as ``Step.loss`` has it."""
        total = 0.0
        with torch.inference_mode(), precision(self._model):
            for pack in passes(self._processes.share(rows), self._config, self._room()):
                total += completion_loss(self._model, pack, ALIGN).item()
        return self._processes.sum(total, self._model.device) / max(1, sum(row.trained for row in rows))

    def state(self) -> tuple[dict[str, Tensor], dict[str, float]]:
        """The optimizer's memory: its tensors and its plain numbers, by ``parameter|name``."""
        tensors: dict[str, Tensor] = {}
        numbers: dict[str, float] = {}
        for name, parameter in self._parameters.items():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"{name}|{key}"] = value.detach().cpu().contiguous()
                else:
                    numbers[f"{name}|{key}"] = value
        if self._scale is not None:
            numbers |= {_SCALED: self._scale, _SINCE: self._steady}
        return tensors, numbers

    def restore(self, taken: int, tensors: Mapping[str, Tensor], numbers: Mapping[str, float]) -> None:
        """Go on where ``state`` was taken, after ``taken`` steps."""
        self.taken = taken
        numbers = dict(numbers)
        scale, steady = numbers.pop(_SCALED, None), numbers.pop(_SINCE, 0)
        if self._scale is not None and scale is not None:
            self._scale, self._steady = scale, int(steady)
        fused = any(group.get("fused") for group in self._optimizer.param_groups)
        for place, value in (*tensors.items(), *numbers.items()):
            name, _, key = place.rpartition("|")
            parameter = self._parameters[name]
            # Counters of steps are where the optimizer keeps them: on the CPU, if it is not fused. The rest goes to the parameter.
            if isinstance(value, Tensor) and (value.dim() or fused):
                value = value.to(parameter.device)
            self._optimizer.state[parameter][key] = value


def _taken(parameter: nn.Parameter) -> Tensor:
    """The gradient, flat, taken off the parameter."""
    gradient, parameter.grad = parameter.grad, None
    return torch.zeros_like(parameter).reshape(-1) if gradient is None else gradient.reshape(-1)


def _optimizer(parameters: list[nn.Parameter], config: TrainingConfig, rate: float) -> torch.optim.Optimizer:
    decay = config.weight_decay
    match config.optimizer:
        case "adamw_torch_fused" | "adamw_torch" as name:
            return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=name == "adamw_torch_fused")
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, weight_decay=decay)
        case "adafactor":
            return torch.optim.Adafactor(parameters, lr=rate, weight_decay=decay)
        case "adamw_8bit" | "paged_adamw_8bit" as name:
            from bitsandbytes import optim

            kind = optim.AdamW8bit if name == "adamw_8bit" else optim.PagedAdamW8bit
            return cast(torch.optim.Optimizer, kind(parameters, lr=rate, weight_decay=decay))


def _course(config: TrainingConfig, optimizer: torch.optim.Optimizer, steps: int) -> Callable[[int], float]:
    """Steps taken → factor on the learning rate: the schedules of transformers, but never 0 in the warm-up.

    A training of few steps, as for the programs of one task, is warm after a quarter of them.
    """
    from transformers import get_scheduler

    warmup = min(config.warmup, steps // 4)
    scheduler = get_scheduler(config.lr_scheduler_type, optimizer, warmup, max(steps, 1))
    after = scheduler.lr_lambdas[0]
    return lambda taken: (taken + 1) / (warmup + 1) if taken < warmup else float(after(taken))


def _prepare(model: LanguageModel, config: TrainingConfig) -> None:
    """Checkpointing and kernels, as the configuration wants them; a network keeps them once it has them."""
    network = model.network
    wanted = config.gradient_checkpointing
    if wanted is None:
        wanted = model.device.type == "cuda" and network.supports_gradient_checkpointing
    if wanted:
        model.start_checkpointing()
    if config.use_liger_kernel:
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        _apply_liger_kernel_to_instance(network, fused_linear_cross_entropy=False, cross_entropy=False)
