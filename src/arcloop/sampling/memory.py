"""Keys and values of prompts and their completions, each prompt's stored once for all its completions.

Shapes: N prompts, R rows (completions) of all of them, P tokens of the longest prompt, S completion
tokens of the oldest row, H heads, K heads of keys and values (H = K · G), D width of a head. Rows
of one prompt are brought side by side to read its keys together, which is what makes many
completions per prompt cheap; everything else is done for R rows at once. Prompts and rows come and
go at any step, and lie without gaps: who leaves is replaced by the last.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention

from arcloop.model.attention import Segments, attend_segments

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
        self._keys: dict[int, Tensor] = {}  # layer → (N or more, K, P or more, D)
        self._values: dict[int, Tensor] = {}
        self._row_keys: dict[int, Tensor] = {}  # layer → (R or more, K, S or more, D)
        self._row_values: dict[int, Tensor] = {}
        self._reading = Segments()  # lengths of the prompts, or of the part of one, in this pass
        self._behind = 0  # tokens of that one prompt that were read before
        self._laid: _Layout | None = None

    @property
    def width(self) -> int:
        """Tokens of the longest prompt that was read so far: each prompt's keys and values take the room of so many."""
        return max((held.shape[2] for held in self._keys.values()), default=0)

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
        moves = _moves(len(self.owners), rows)
        for store in (self._row_keys, self._row_values):
            for held in store.values():
                _move(held, moves)
        order = _order(len(self.owners), rows, moves)
        self.owners, self.ages = [self.owners[i] for i in order], [self.ages[i] for i in order]
        gone = sorted(set(range(len(self.lengths))) - set(self.owners))
        moved = _moves(len(self.lengths), gone)
        for store in (self._keys, self._values):
            for held in store.values():
                _move(held, moved)
        kept = _order(len(self.lengths), gone, moved)
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
        return self._laid

    def _read(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        first = len(self.lengths) - len(self._reading)
        for store, packed in ((self._keys, key), (self._values, value)):
            held = store.get(layer)
            if held is None:
                held = packed.new_zeros(0, packed.shape[1], 0, packed.shape[3])
            more = (max(len(self.lengths) - held.shape[0], 0), max(max(self.lengths) - held.shape[2], 0))
            store[layer] = held = pad(held, (0, 0, 0, more[1], 0, 0, 0, more[0])) if any(more) else held
            for place, part in enumerate(packed[0].split(list(self._reading), 1), first):
                held[place, :, self._behind : self._behind + part.shape[1]] = part
        if not self._behind:
            return attend_segments(query, key, value, self._reading, scaling)
        whole = self._behind + self._reading[0]
        seen = torch.ones(self._reading[0], whole, dtype=torch.bool, device=query.device).tril(self._behind)
        keys, values = (store[layer][first, None, :, :whole] for store in (self._keys, self._values))
        # Kernels that take a mask do not group heads; the others would hold a score for each pair of tokens.
        keys, values = (held.repeat_interleave(query.shape[1] // held.shape[1], 1) for held in (keys, values))
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
        laid = self._layout()
        prompts, longest = len(self.lengths), max(self.lengths)
        keys, values = (store[layer][:prompts, :, :longest] for store in (self._keys, self._values))
        heads_kv, width = keys.shape[1], keys.shape[3]
        rows, heads = query.shape[0], query.shape[1]
        q = query.view(rows, heads_kv, heads // heads_kv, width) * scaling
        # (N, K, m · G, D): a prompt's rows side by side, so that its keys are read once; m rows each, some of them idle.
        side_by_side = q[laid.gather].view(prompts, -1, *q.shape[1:]).transpose(1, 2)
        shared_q = side_by_side.reshape(prompts, heads_kv, -1, width)
        shared = _Part(shared_q @ keys.transpose(2, 3), laid.beyond, values).spread(laid, q.shape)
        own = _Part(q @ own_keys.transpose(2, 3), laid.unborn, own_values)
        return own.joined(shared).to(query.dtype).reshape(rows, 1, heads, width)


class _Layout:
    """Who reads what, as tensors; made anew when prompts or rows come or go."""

    def __init__(self, lengths: list[int], owners: list[int], ages: list[int], device: torch.device) -> None:
        ranks: list[int] = []
        counts = [0] * len(lengths)
        for owner in owners:
            ranks.append(counts[owner])
            counts[owner] += 1
        widest = max(counts)
        gather = [0] * (len(lengths) * widest)
        self_places = [owner * widest + rank for owner, rank in zip(owners, ranks, strict=True)]
        for row, place in enumerate(self_places):
            gather[place] = row
        self.widest = widest
        self.gather = torch.tensor(gather, device=device)
        """Row at each of the N · m places; 0 where a place is idle."""
        self.places = torch.tensor(self_places, device=device)
        """Place of each row among them."""
        self.rows = torch.arange(len(owners), device=device)
        self.ages = torch.tensor(ages, device=device)
        self.oldest = max(ages, default=0)
        held = torch.tensor(lengths, device=device)
        beyond = torch.arange(max(lengths), device=device)[None, :] >= held[:, None]
        self.beyond = torch.zeros(beyond.shape, device=device).masked_fill(beyond, -torch.inf)[:, None, None, :]
        """(N, 1, 1, P), −inf beyond each prompt's end."""
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


class _Part:
    """Attention to one part of the keys, kept so that it can be joined with that to another part."""

    def __init__(self, scores: Tensor, mask: Tensor, values: Tensor) -> None:
        scores = scores.float() + mask
        self.top = scores.amax(-1, keepdim=True)
        weights = (scores - self.top).exp_()
        self.mass = weights.sum(-1, keepdim=True)
        self.sum = weights.to(values.dtype) @ values

    def spread(self, laid: _Layout, shape: torch.Size) -> "_Part":
        """From places beside a prompt, (N, K, m · G, …), to rows, (R, K, G, …)."""
        rows, heads, group = shape[0], shape[1], shape[2]
        spread = _Part.__new__(_Part)
        for name in ("top", "mass", "sum"):
            part: Tensor = getattr(self, name)
            beside = part.view(part.shape[0], heads, laid.widest, group, -1).transpose(1, 2)
            setattr(
                spread, name, beside.reshape(-1, heads, group, part.shape[-1])[laid.places].view(rows, heads, group, -1)
            )
        return spread

    def joined(self, other: "_Part") -> Tensor:
        """The attention to both parts together."""
        top = torch.maximum(self.top, other.top)
        mine, theirs = (self.top - top).exp(), (other.top - top).exp()
        return (self.sum * mine + other.sum * theirs) / (self.mass * mine + other.mass * theirs)


def _moves(count: int, gone: Sequence[int]) -> list[tuple[int, int]]:
    """(from, to) for the last items, so that those before ``count − len(gone)`` have no gap."""
    left = count - len(gone)
    staying = sorted(set(range(left, count)) - set(gone))
    return list(zip(staying, sorted(place for place in gone if place < left), strict=True))


def _order(count: int, gone: Sequence[int], moves: list[tuple[int, int]]) -> list[int]:
    order = list(range(count - len(gone)))
    for source, place in moves:
        order[place] = source
    return order


def _move(held: Tensor, moves: list[tuple[int, int]]) -> None:
    if moves:
        sources, places = (torch.tensor(part, device=held.device) for part in zip(*moves, strict=True))
        held[places] = held[sources]
