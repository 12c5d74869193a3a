"""Gradients of matrices → steps in which all directions weigh alike: Muon, at the speed of this device.

``torch.optim.Muon`` orthogonalises each matrix by itself in bfloat16, for which most CPUs have no instructions: it took
70 % of the time of a step of the embedded model on one. Here equal shapes go together, in float32 on a CPU.
"""

import math
from collections.abc import Callable, Iterable
from typing import overload

import torch
from torch import Tensor, nn

from arcloop.model.precision import has_bfloat16

__all__ = ["Muon", "orthogonal"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration, from https://kellerjordan.github.io/posts/muon/."""
_ITERATIONS = 5


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly orthogonal matrices, [n, a, b], with the row and column spaces of those given; singular values 0.7 to 1.2."""
    a, b, c = _COEFFICIENTS
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.mT if tall else matrices
    x = x.to(torch.bfloat16 if x.is_cuda and has_bfloat16(x.device) else torch.float32)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Muon):
    """``torch.optim.Muon`` with its Nesterov momentum and no weight decay; its states are the same."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(matrices, lr=lr, weight_decay=0.0)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One step of each matrix that has a gradient; gives back what ``closure``, called first, does."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            shapes: dict[torch.Size, list[tuple[Tensor, Tensor]]] = {}
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(gradient)
                momentum = state["momentum_buffer"]
                momentum.lerp_(gradient, 1 - group["momentum"])
                update = gradient.lerp(momentum, group["momentum"])
                shapes.setdefault(parameter.shape, []).append((parameter, update))
            for shape, pairs in shapes.items():
                rate = group["lr"] * math.sqrt(max(1.0, shape[0] / shape[1]))
                updates = orthogonal(torch.stack([update for _, update in pairs]))
                for (parameter, _), update in zip(pairs, updates, strict=True):
                    parameter.sub_(update.to(parameter.dtype), alpha=rate)
        return loss
