"""Token rows → loss on their completions.

Rows are packed into one and attend to themselves alone (``attention``), so no cell is spent on
padding; and logits are computed for the trained positions only, because on a small model the
vocabulary costs as much as the layers.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from arcloop.model import LanguageModel
from arcloop.training.rows import Row

__all__ = ["completion_loss"]


def completion_loss(model: LanguageModel, rows: Sequence[Row]) -> Tensor:
    """Sum over all trained tokens of weight × cross-entropy, in nats; a scalar that can be differentiated."""
    device = model.device
    ids = torch.tensor([[i for row in rows for i in row.ids]], device=device)
    positions = torch.tensor([[p for row in rows for p in range(len(row.ids))]], device=device)
    hidden = model.hidden(ids, positions, segments=[len(row.ids) for row in rows])
    # The token at place t is predicted from the hidden state at t − 1, which lies in the same row
    # because every row has at least one prompt token.
    targets, start = [], 0
    for row in rows:
        targets.extend(range(start + row.prompt, start + len(row.ids)))
        start += len(row.ids)
    places = torch.tensor(targets, device=device)
    weights = torch.tensor([row.weight for row in rows for _ in range(row.trained)], device=device)
    losses = cross_entropy(model.logits(hidden[0, places - 1]), ids[0, places], reduction="none")
    return (losses * weights).sum()
