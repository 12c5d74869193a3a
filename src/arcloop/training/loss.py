"""Token rows → loss on their completions.

Rows are packed into one and attend to themselves alone (``attention``), so no cell is spent on
padding; and logits are computed for the trained positions only, because on a small model the
vocabulary costs as much as the layers.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint

from arcloop.model.attention import Segments
from arcloop.model.language import LanguageModel
from arcloop.model.precision import compute_type
from arcloop.training.rows import Row

__all__ = ["ALIGN", "LOGITS", "completion_loss", "precision"]

LOGITS = 1 << 26
"""Logits that are kept for the gradient: a quarter of a gigabyte in float32. A large vocabulary reaches that soon."""
ALIGN = 32
"""Multiple of tokens that rows are filled up to under ``precision``; see ``completion_loss``."""


def precision(model: LanguageModel) -> AbstractContextManager[object]:
    """The context in which losses are computed: products of 16 bits where the device is faster with them, else nothing.

    On a CPU with such products that is two to three times faster than float32. Trained weights and
    their updates stay in float32. ``model.dtype`` may ask for one or the other.
    """
    kind = compute_type(model.dtype, model.device)
    return nullcontext() if kind is torch.float32 else torch.autocast(model.device.type, kind)


def completion_loss(model: LanguageModel, rows: Sequence[Row], align: int = 1) -> Tensor:
    """Sum over all trained tokens of weight × cross-entropy, in nats; a scalar that can be differentiated.

    ``align``: rows are filled up to multiples of so many tokens. The loss does not change, because
    what follows a token does not reach it; but a CPU's bfloat16 kernels are compiled anew for every
    shape, and with few different shapes that is paid once.
    """
    device = model.device
    lengths = [-(-len(row.ids) // align) * align for row in rows]
    ids = torch.tensor(
        [[i for row, n in zip(rows, lengths, strict=True) for i in _filled(row.ids, n, model.pad_id)]], device=device
    )
    positions = torch.tensor([[p for n in lengths for p in range(n)]], device=device)
    hidden = model.hidden(ids, positions, segments=Segments(lengths))
    # The token at place t is predicted from the hidden state at t - 1, which lies in the same row
    # because every row has at least one prompt token.
    places: list[int] = []
    weights: list[float] = []
    start = 0
    for row, length in zip(rows, lengths, strict=True):
        places.extend(range(start + row.prompt, start + len(row.ids)))
        weights.extend([row.weight] * row.trained)
        start += length
    filling = -len(places) % align
    at = torch.tensor(places + places[:1] * filling, device=device)
    weight = torch.tensor(weights + [0.0] * filling, device=device)
    return _cross_entropy(model, hidden[0, at - 1], ids[0, at], weight)


def _cross_entropy(model: LanguageModel, hidden: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Sum of weight × cross-entropy; logits (T, V) beyond ``LOGITS`` cells are computed by parts, twice, and never kept."""

    def part(hidden: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        return (cross_entropy(model.logits(hidden), targets, reduction="none") * weight).sum()

    size = max(1, LOGITS // model.vocabulary)
    if len(targets) <= size:
        return part(hidden, targets, weight)
    parts = zip(hidden.split(size), targets.split(size), weight.split(size), strict=True)
    return torch.stack([cast(Tensor, checkpoint(part, *p, use_reentrant=False)) for p in parts]).sum()


def _filled(ids: tuple[int, ...], length: int, pad: int) -> tuple[int, ...]:
    return ids + (pad,) * (length - len(ids))
