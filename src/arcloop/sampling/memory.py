"""Keys and values of prompts and their completions, each prompt's stored once for all its completions.

Shapes: R rows (completions) of all prompts, H heads, K heads of keys and values (H = K · G), D width of a head. Prompts are in
``prefixes``, the rows' own tokens in ``suffixes``. Prompts and rows come and go at any step.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from arcloop.model.attention import Segments, attend_segments
from arcloop.sampling.prefixes import Padded, Prefixes, Ragged, filled
from arcloop.sampling.suffixes import Cohorts, Level, Suffixes

__all__ = ["PrefixMemory"]


class PrefixMemory:
    """``read`` prompts in one pass and ``enter`` rows for them; then each pass holds one token for each row."""

    def __init__(self, device: torch.device, longest: int | None = None) -> None:
        """``longest``: tokens of a completion at the most, beyond which no room is made; None = not known."""
        self.lengths: list[int] = []
        """Tokens of each prompt."""
        self.owners: list[int] = []
        """Prompt of each row."""
        self._device = device
        on_cpu = device.type == "cpu"
        self._prefixes: Prefixes = Ragged() if on_cpu else Padded(device)
        self._suffixes: Suffixes = Cohorts(longest) if on_cpu else Level(device, longest)
        self._reading = Segments()  # lengths of the prompts, or of the part of one, in this pass
        self._behind = 0  # tokens of that one prompt that were read before
        self._positions: Tensor | None = None  # made anew when prompts or rows come or go

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
        self._positions = None

    def enter(self, owner: int, count: int) -> None:
        """``count`` more rows for a prompt that has been read."""
        self._reading = Segments()
        self.owners += [owner] * count
        self._suffixes.enter(count)
        self._positions = None

    def advance(self) -> None:
        """A step is complete: the next pass holds the next token of each row."""
        self._suffixes.advance()
        if self._positions is not None:
            self._positions = self._positions + 1

    def leave(self, rows: Sequence[int]) -> list[int]:
        """Forget these rows, and prompts without any left; returns for each place that is left which row moved there."""
        order = self._suffixes.leave(rows)
        self.owners = [self.owners[i] for i in order]
        kept = filled(len(self.lengths), set(range(len(self.lengths))) - set(self.owners))
        self._prefixes.keep(kept)
        place = {old: new for new, old in enumerate(kept)}
        self.lengths, self.owners = [self.lengths[i] for i in kept], [place[i] for i in self.owners]
        self._positions = None
        return order

    def positions(self) -> Tensor:
        """Position of each row's next token, (R,); to be asked for before each such pass, as rows are laid out by it."""
        if self._positions is None:
            self._prefixes.lay(self.lengths, self.owners)
            held = torch.tensor(self.lengths, device=self._device)
            ages = torch.tensor(self._suffixes.ages, device=self._device)
            self._positions = held[torch.tensor(self.owners, device=self._device)] + ages
        return self._positions

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """See ``attention.Memory``."""
        if self._reading:
            return self._read(layer, query, key, value, scaling)
        return self._decode(layer, query, key, value, scaling)

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

    def _decode(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        rows, heads, _, width = query.shape
        q = query.view(rows, key.shape[1], -1, width) * scaling
        own = self._suffixes.attend(layer, q, key, value)
        return own.joined(self._prefixes.attend(layer, q)).to(query.dtype).reshape(rows, 1, heads, width)
