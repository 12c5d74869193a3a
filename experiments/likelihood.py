"""Prompts and completions → log-probabilities, in packed rows."""

from collections.abc import Iterator, Sequence

import torch
from torch.nn.functional import cross_entropy

from arcloop.model.language import LanguageModel
from arcloop.prompts.format import PromptFormat

__all__ = ["Likelihood"]

_PACK = 4096
"""Tokens that go through the network at once; a longer row goes alone."""
_LOGITS = 1 << 26
"""Logits that are held at once: a quarter of a gigabyte in float32."""


class Likelihood:
    """How likely a model, as it is now, finds completions."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    @property
    def format(self) -> PromptFormat:
        """How the model is shown tasks and writes programs."""
        return self._model.format

    def logprobs(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        """For each pair, Σ log-probability in nats of the completion's tokens and the end token after the prompt.

        At temperature 1, over the whole vocabulary; the sum that ``Completion.logprob`` is for sampled tokens, up to
        arithmetic, where the completion is encoded as it was sampled.
        """
        rows = [
            (self._model.encode(prompt), self._model.encode_answer(completion))
            for prompt, completion in zip(prompts, completions, strict=True)
        ]
        found = [0.0] * len(rows)
        with torch.inference_mode():
            for pack in _packs([len(prompt) + len(answer) for prompt, answer in rows]):
                for index, logprob in zip(pack, self._pack([rows[i] for i in pack]), strict=True):
                    found[index] = logprob
        return found

    def _pack(self, rows: Sequence[tuple[list[int], list[int]]]) -> list[float]:
        model = self._model
        lengths = [len(prompt) + len(answer) for prompt, answer in rows]
        ids = torch.tensor([[i for prompt, answer in rows for i in (*prompt, *answer)]], device=model.device)
        positions = torch.tensor([[p for n in lengths for p in range(n)]], device=model.device)
        hidden = model.hidden(ids, positions, segments=lengths)
        # The token at place t is predicted from the hidden state at t - 1, in the same row: no prompt is empty.
        places: list[int] = []
        owners: list[int] = []
        start = 0
        for owner, ((prompt, answer), length) in enumerate(zip(rows, lengths, strict=True)):
            places.extend(range(start + len(prompt), start + length))
            owners.extend([owner] * len(answer))
            start += length
        at = torch.tensor(places, device=model.device)
        size = max(1, _LOGITS // model.vocabulary)
        losses = [
            cross_entropy(model.logits(hidden[0, part - 1]), ids[0, part], reduction="none") for part in at.split(size)
        ]
        sums = torch.zeros(len(rows), dtype=torch.float64, device=model.device)
        sums.index_add_(0, torch.tensor(owners, device=model.device), torch.cat(losses).double())
        return [-loss for loss in sums.tolist()]


def _packs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of rows that go together, neighbours in length: at most ``_PACK`` tokens, or one row."""
    pack: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if pack and tokens + lengths[index] > _PACK:
            yield pack
            pack, tokens = [], 0
        pack.append(index)
        tokens += lengths[index]
    if pack:
        yield pack
