"""Keys and values of prompts and their completions, each prompt's stored once for all its completions.

Shapes: R rows (completions) of all prompts, S completion tokens of the oldest row, H heads, K heads of keys and values
(H = K · G), D width of a head. Prompts are in ``prefixes``; everything else is done for R rows at once. Prompts and rows come
and go at any step, and lie without gaps: who leaves is replaced by the last.
"""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention

from arcloop.model.attention import Segments, attend_segments
from arcloop.sampling.prefixes import Padded, Part, Prefixes, Ragged, move

__all__ = ["PrefixMemory"]

_GROWTH = 64
"""Completion tokens by which the buffers grow at first."""


class PrefixMemory:
    """``read`` prompts in one pass and ``enter`` rows for them; then each pass holds one token for each row."""

    def __init__(self, device: torch.device, longest: int | None = None) -> None:
        """``longest``: tokens of a completion at the most, beyond which no room is made; None = not known."""
        self.lengths: list[int] = []
        """Tokens of each prompt."""
        self.owners: list[int] = []
        """Prompt of each row."""
        self.ages: list[int] = []
        """Completion tokens that each row has put in."""
        self._device = device
        self._longest = longest
        self._prefixes: Prefixes = Ragged() if device.type == "cpu" else Padded(device)
        self._row_keys: dict[int, Tensor] = {}  # layer → (R or more, K, S or more, D)
        self._row_values: dict[int, Tensor] = {}
        self._reading = Segments()  # lengths of the prompts, or of the part of one, in this pass
        self._behind = 0  # tokens of that one prompt that were read before
        self._laid: _Layout | None = None

    def room(self, prompts: Sequence[int]) -> int:
        """Tokens for which keys and values are kept, once prompts of these lengths have been read beside those there are."""
        return self._prefixes.room([*self.lengths, *prompts])

    def read(self, segments: Sequence[int], behind: int = 0) -> None:
        """The next pass holds prompts of these lengths, packed; or, with ``behind``, the rest of the last one."""
        self._reading, self._behind = Segments(segments), behind
        if behind:
            self.lengths[-1] = behind + segments[0]
        else:
            self.lengths += segments
        self._laid = None

    def enter(self, owner: int, count: int) -> None:
        """``count`` more rows for a prompt that has been read."""
        self._reading = Segments()
        self.owners += [owner] * count
        self.ages += [0] * count
        self._laid = None

    def advance(self) -> None:
        """A step is complete: the next pass holds the next token of each row."""
        self.ages = [age + 1 for age in self.ages]
        if self._laid is not None:
            self._laid.advance()

    def leave(self, rows: Sequence[int]) -> list[int]:
        """Forget these rows, and prompts without any left; returns for each place that is left which row moved there."""
        order = _filled(len(self.owners), rows)
        for store in (self._row_keys, self._row_values):
            for held in store.values():
                move(held, order)
        self.owners, self.ages = [self.owners[i] for i in order], [self.ages[i] for i in order]
        kept = _filled(len(self.lengths), set(range(len(self.lengths))) - set(self.owners))
        self._prefixes.keep(kept)
        place = {old: new for new, old in enumerate(kept)}
        self.lengths, self.owners = [self.lengths[i] for i in kept], [place[i] for i in self.owners]
        self._laid = None
        return order

    def positions(self) -> Tensor:
        """Position of each row's next token, (R,)."""
        return self._layout().positions

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """See ``attention.Memory``."""
        if self._reading:
            return self._read(layer, query, key, value, scaling)
        own_keys = self._append(self._row_keys, layer, key)
        own_values = self._append(self._row_values, layer, value)
        return self._decode(layer, query, own_keys, own_values, scaling)

    def _layout(self) -> "_Layout":
        if self._laid is None:
            self._laid = _Layout(self.lengths, self.owners, self.ages, self._device)
            self._prefixes.lay(self.lengths, self.owners)
        return self._laid

    def _read(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        first = len(self.lengths) - len(self._reading)
        self._prefixes.put(layer, key, value, first, self._reading, self._behind)
        if not self._behind:
            return attend_segments(query, key, value, self._reading, scaling)
        whole = self._behind + self._reading[0]
        seen = torch.ones(self._reading[0], whole, dtype=torch.bool, device=query.device).tril(self._behind)
        # Kernels that take a mask do not group heads; the others would hold a score for each pair of tokens.
        keys, values = (
            held[None].repeat_interleave(query.shape[1] // held.shape[0], 1)
            for held in self._prefixes.get(layer, first, whole)
        )
        out = scaled_dot_product_attention(query, keys, values, attn_mask=seen, scale=scaling)
        return out.transpose(1, 2)

    def _append(self, store: dict[int, Tensor], layer: int, token: Tensor) -> Tensor:
        laid = self._layout()
        rows, _, _, width = token.shape
        held = store.get(layer)
        if held is None:
            held = token.new_zeros(rows, token.shape[1], min(_GROWTH, self._longest or _GROWTH), width)
        grown = held.shape[2] if self._longest is None else min(held.shape[2], self._longest - held.shape[2])
        more = (max(rows - held.shape[0], 0), grown if laid.oldest >= held.shape[2] else 0)
        store[layer] = held = pad(held, (0, 0, 0, more[1], 0, 0, 0, more[0])) if any(more) else held
        held[laid.rows, :, laid.ages] = token[:, :, 0]
        return held[:rows, :, : laid.oldest + 1]

    def _decode(self, layer: int, query: Tensor, own_keys: Tensor, own_values: Tensor, scaling: float) -> Tensor:
        rows, heads, _, width = query.shape
        q = query.view(rows, own_keys.shape[1], -1, width) * scaling
        own = Part.of(q @ own_keys.transpose(2, 3), own_values, self._layout().unborn)
        return own.joined(self._prefixes.attend(layer, q)).to(query.dtype).reshape(rows, 1, heads, width)


class _Layout:
    """Where each row stands, as tensors; made anew when prompts or rows come or go."""

    def __init__(self, lengths: list[int], owners: list[int], ages: list[int], device: torch.device) -> None:
        self.rows = torch.arange(len(owners), device=device)
        self.ages = torch.tensor(ages, device=device)
        self.oldest = max(ages, default=0)
        held = torch.tensor(lengths, device=device)
        self.positions = held[torch.tensor(owners, device=device)] + self.ages
        self._mask()

    def advance(self) -> None:
        self.ages, self.positions = self.ages + 1, self.positions + 1
        self.oldest += 1
        self._mask()

    def _mask(self) -> None:
        unborn = torch.arange(self.oldest + 1, device=self.ages.device)[None, :] > self.ages[:, None]
        self.unborn = torch.zeros(unborn.shape, device=self.ages.device).masked_fill(unborn, -torch.inf)[
            :, None, None, :
        ]
        """(R, 1, 1, S), −inf where a row has no token yet."""


def _filled(count: int, gone: Collection[int]) -> list[int]:
    """Who lies where once these of ``count`` have gone: who was among the last takes their places."""
    left = count - len(gone)
    order = list(range(left))
    staying = sorted(set(range(left, count)) - set(gone))
    for source, place in zip(staying, sorted(place for place in gone if place < left), strict=True):
        order[place] = source
    return order
