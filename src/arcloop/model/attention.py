"""The attention of every network that arcloop runs: per segment, without a mask.

Registered with transformers under the name ``arcloop``; a network uses it after
``install(network)`` and then wants one of two keyword arguments with each forward pass:

``segments``  lengths of the rows packed into one batch row; each attends causally to itself alone.
              Position ids must restart with each. On newer GPUs one kernel does all of them
              (``torch.nn.attention.varlen``). Exact on any device, unlike the masks that
              transformers derives, which mix the rows as soon as a cache or an all-ones mask is in play.
``memory``    an object with ``attend(layer, query, key, value, scaling)``: the sampler's store of
              keys and values.

A pass with neither fails, because it would mix rows silently.
"""

from collections.abc import Sequence
from inspect import signature
from itertools import accumulate
from typing import Any, Protocol, cast

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, PreTrainedModel

try:
    from torch.nn.attention.varlen import varlen_attn
except ImportError:
    varlen_attn = None  # type: ignore[assignment]

__all__ = ["Memory", "Segments", "attend_segments", "install"]

NAME = "arcloop"
_PLAIN = 1024
"""Up to so many tokens, on a CPU in bfloat16, two plain products and a softmax are two to three times faster than the
fused kernel; beyond, the square of the length costs too much memory."""


# Its first versions, before torch 2.13, do not take fewer heads of keys than of queries.
_PACKED = varlen_attn is not None and "enable_gqa" in signature(varlen_attn).parameters


class Memory(Protocol):
    """Keys and values of earlier tokens, kept by the sampler."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """Store ``key`` and ``value`` (B, heads_kv, T, D), return the attention of ``query`` (B, heads, T, D) as (B, T, heads, D)."""
        ...


class Segments(tuple[int, ...]):
    """Lengths of the rows packed into one batch row, which all layers share."""

    _bounds: Tensor | None = None

    def bounds(self, device: torch.device) -> Tensor:
        """Where each row begins, and where the last one ends, int32 [rows + 1]; copied to the device once."""
        if self._bounds is None:
            self._bounds = torch.tensor([0, *accumulate(self)], dtype=torch.int32, device=device)
        return self._bounds


def install(network: PreTrainedModel) -> None:
    """Make the network attend per segment from now on.

    cuDNN's attention, which torch takes first on newer cards, plans anew for every length that it meets, and here nearly
    every row has its own: it is switched off for the process.

    Raises:
        ValueError: its architecture does not support replaceable attention.
    """
    torch.backends.cuda.enable_cudnn_sdp(False)
    AttentionInterface.register(NAME, _attention)
    network.set_attn_implementation(NAME)


def attend_segments(query: Tensor, key: Tensor, value: Tensor, segments: Sequence[int], scaling: float) -> Tensor:
    """Causal attention inside each segment of one packed row.

    ``query`` is (1, heads, T, D), ``key`` and ``value`` (1, heads_kv, T, D), the segments add up to T;
    returns (1, T, heads, D).
    """
    if query.is_cuda and _takes_packed(query):
        return _attend_packed(query, key, value, segments, scaling)
    asked = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else query.dtype
    half = query.device.type == "cpu" and asked == torch.bfloat16
    if half:
        query, key, value = query.bfloat16(), key.bfloat16(), value.bfloat16()
    parts = zip(
        query.split(list(segments), 2), key.split(list(segments), 2), value.split(list(segments), 2), strict=True
    )
    attended = [
        (_attend_plainly if half and q.shape[2] <= _PLAIN else _attend_fused)(q, k, v, scaling) for q, k, v in parts
    ]
    return torch.cat(attended, dim=2).transpose(1, 2)


def _takes_packed(query: Tensor) -> bool:
    """Can torch's FlashAttention for packed rows compute this?"""
    kind = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else query.dtype
    if not _PACKED or kind not in (torch.bfloat16, torch.float16) or query.shape[3] % 8 or query.shape[3] > 256:
        return False
    return torch.version.hip is None and torch.cuda.get_device_capability(query.device) >= (8, 0)


def _attend_packed(query: Tensor, key: Tensor, value: Tensor, segments: Sequence[int], scaling: float) -> Tensor:
    """All segments by one kernel, which no loop has to start for each of them."""
    if torch.is_autocast_enabled(query.device.type):
        kind = torch.get_autocast_dtype(query.device.type)
        query, key, value = query.to(kind), key.to(kind), value.to(kind)
    kept = segments if isinstance(segments, Segments) else Segments(segments)
    bounds, longest = kept.bounds(query.device), max(kept)
    q, k, v = (part.squeeze(0).transpose(0, 1) for part in (query, key, value))
    attended = varlen_attn(
        q,
        k,
        v,
        bounds,
        bounds,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=q.shape[1] != k.shape[1],
    )
    return cast(Tensor, attended).unsqueeze(0)


def _attend_fused(query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
    grouped = query.shape[1] != key.shape[1]
    return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=grouped)


def _attend_plainly(query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
    batch, heads, length, width = query.shape
    with torch.autocast("cpu", enabled=False):
        grouped = (query * scaling).view(batch, key.shape[1], -1, length, width)
        future = torch.full((length, length), -torch.inf, dtype=query.dtype).triu(1)
        weights = (grouped @ key[:, :, None].transpose(3, 4) + future).softmax(4)
        return (weights @ value[:, :, None]).view(batch, heads, length, width)


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    segments: Sequence[int] | None = None,
    memory: Memory | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    for name in ("sliding_window", "softcap", "s_aux"):
        if others.get(name) is not None:
            raise ValueError(f"the model's attention uses {name}, which arcloop does not compute")
    if memory is not None:
        return memory.attend(module.layer_idx, query, key, value, scaling), None
    if segments is not None:
        return attend_segments(query, key, value, segments, scaling), None
    raise RuntimeError("a forward pass of an arcloop network needs segments= or memory=; it got neither")
