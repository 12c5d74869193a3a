"""Logits → sampled tokens, by inverting the cumulative distribution at given uniform numbers."""

import torch
from torch import Tensor

from arcloop.errors import RunError

__all__ = ["choose"]

_TOP = 256
"""Candidates looked at first; nearly always they hold more than ``top_p`` of the probability."""


def choose(
    logits: Tensor, uniform: Tensor, temperature: Tensor | float, top_p: float, min_p: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Sample one token per row.

    ``logits``: float32 (B, V). ``uniform``: (B,) in [0, 1), one number per row, so that a row's
    token does not depend on its neighbours. ``temperature``: one for all rows, or (B,); a row with 0
    gets its likeliest token. ``min_p``: tokens with less than this share of the likeliest's
    probability go (arXiv:2407.01082). Returns token ids (B,) and their log-probabilities at temperature 1
    without the nucleus cut, in nats (B,).

    Raises:
        RunError: a logit is infinite or no number.
    """
    temperature = torch.as_tensor(temperature, device=logits.device).expand(len(logits))
    greedy = temperature == 0
    if bool(greedy.all()):
        tokens = logits.argmax(1)
    else:
        heat = temperature.masked_fill(greedy, 1.0)[:, None]
        tokens = _nucleus((logits / heat).softmax(1), uniform, top_p, min_p)
        tokens = torch.where(greedy, logits.argmax(1), tokens)
    logprobs = logits.log_softmax(1).gather(1, tokens[:, None])[:, 0]
    if bool(logprobs.isnan().any()):
        raise RunError(
            "the model's logits are not finite; expected numbers — its activations do not fit into the type that it computes in:"
            " --loading.dtype float32, or bfloat16 where the device has it"
        )
    return tokens, logprobs


def _nucleus(probabilities: Tensor, uniform: Tensor, top_p: float, min_p: float) -> Tensor:
    width = min(_TOP, probabilities.shape[1])
    sorted_p, ids = probabilities.topk(width, dim=1)
    if width < probabilities.shape[1] and bool((sorted_p.sum(1) < top_p).any()):
        sorted_p, ids = probabilities.sort(dim=1, descending=True)
    cumulative = sorted_p.cumsum(1)
    # A token stays while those before it hold less than top_p; so the first one always stays.
    kept = (cumulative - sorted_p < top_p) & (sorted_p >= min_p * sorted_p[:, :1])
    mass = (sorted_p * kept).cumsum(1)
    target = uniform.to(mass.dtype)[:, None] * mass[:, -1:]
    # A number that rounds up to 1 would land behind the last token that stays.
    place = torch.minimum(torch.searchsorted(mass, target, right=True), kept.sum(1, keepdim=True) - 1).clamp(min=0)
    return ids.gather(1, place)[:, 0]
