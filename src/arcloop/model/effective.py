"""Adapted layers that multiply once: the effective weight W + ΔW is made first, then used for all tokens.

PEFT computes a layer as x·Wᵀ + s·(x·Aᵀ)·Bᵀ: two thin products and two sums more, which for the few
rows of a sampling step cost more than the layer itself; and DoRA makes the norm of W + s·B·A anew
for each step. So without gradients small layers make W + s·B·A and multiply with that; while the
sampler decodes, once for all steps (``holding``). W is read and never written: nothing drifts, as
it would from merging and unmerging. Training, large layers and quantized ones stay as PEFT has them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["Effective", "holding", "install"]

SMALL = 1 << 20
"""Numbers of a weight up to which it is made anew: what is held is as large as the layers themselves."""


class Effective:
    """Computes one adapted layer; made by ``install``."""

    def __init__(self, layer: Any) -> None:
        """``layer``: PEFT's, around an ``nn.Linear``."""
        self._layer = layer
        self.holding = False
        """Is the weight kept from pass to pass? Nothing notices then that the adapter has changed."""
        self._held: Tensor | None = None

    def __call__(self, x: Tensor, *arguments: Any, **settings: Any) -> Tensor:
        """The layer's output for inputs (…, in), as PEFT's own ``forward`` gives it."""
        if torch.is_grad_enabled():
            return cast(Tensor, type(self._layer).forward(self._layer, x, *arguments, **settings))
        weight = self._made() if self._held is None else self._held
        self._held = weight if self.holding else None
        return linear(x, weight, self._layer.base_layer.bias)

    def _parts(self) -> list[Tensor]:
        layer = self._layer
        parts = [layer.lora_A["default"].weight, layer.lora_B["default"].weight]
        if layer.use_dora["default"]:
            parts.append(layer.lora_magnitude_vector["default"].weight)
        return parts

    def _made(self) -> Tensor:
        base: Tensor = self._layer.base_layer.weight
        a, b, *magnitude = self._parts()
        with torch.autocast(base.device.type, enabled=False):
            whole = torch.addmm(base.to(a.dtype), b, a, alpha=self._layer.scaling["default"])
            if magnitude:
                # Equation 5 of arXiv:2402.09353.
                whole = (magnitude[0] / whole.norm(dim=1))[:, None] * whole
            return whole.to(base.dtype)


@contextmanager
def holding(network: nn.Module) -> Iterator[None]:
    """Make each effective weight once for all passes in the block; the adapter must not change in it."""
    found = (module.__dict__.get("forward") for module in network.modules())
    layers = [forward for forward in found if isinstance(forward, Effective)]
    for layer in layers:
        layer.holding = True
    try:
        yield
    finally:
        for layer in layers:
            layer.holding, layer._held = False, None


def install(network: nn.Module) -> None:
    """Let every small adapted layer of the network compute with its effective weight where no gradient is wanted."""
    from peft.tuners.lora import Linear

    for layer in network.modules():
        if not isinstance(layer, Linear) or type(layer.base_layer) is not nn.Linear:
            continue
        variants = [isinstance(part, nn.Identity) for part in layer.lora_dropout.values()]
        plain = not layer.fan_in_fan_out and not any(layer.lora_bias.values())
        if layer.base_layer.weight.numel() <= SMALL and all(variants) and plain:
            layer.forward = Effective(layer)
