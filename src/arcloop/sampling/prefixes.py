"""Keys and values of prompts, each stored once, and the attention of all rows that go on from them.

Shapes: N prompts, R rows (completions) of all of them, P tokens of the longest prompt, K heads of keys and values, G heads of
queries to each of them, D width of a head. Rows of one prompt are brought side by side to read its keys together, which is
what makes many completions per prompt cheap.

There are two ways to lay prompts out. ``Padded`` holds them all in one tensor for each layer, and a GPU reads them in one call;
but short prompts are as much work as the longest one, and those with one row left as much as those with many. ``Ragged`` holds
each for itself and reads one after the other, without idle places: on a CPU, where a call costs little and arithmetic much.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["Padded", "Part", "Prefixes", "Ragged", "filled", "move"]


class Part:
    """Attention to one part of the keys, kept so that it can be joined with that to another part."""

    def __init__(self, top: Tensor, mass: Tensor, sum_: Tensor) -> None:
        """The greatest score, the sum of the exponentials of what all are below it, and that of the values by them."""
        self.top, self.mass, self.sum = top, mass, sum_

    @classmethod
    def of(cls, scores: Tensor, values: Tensor, mask: Tensor | None = None) -> "Part":
        """``scores`` (…, T), which are overwritten, and ``values`` (…, T, D); ``mask`` is added to the scores."""
        scores = scores.float()
        if mask is not None:
            scores += mask
        top = scores.amax(-1, keepdim=True)
        weights = scores.sub_(top).exp_()
        return cls(top, weights.sum(-1, keepdim=True), weights.to(values.dtype) @ values)

    @classmethod
    def beside(cls, parts: Sequence["Part"], axis: int) -> "Part":
        """What several asked, one after the other along an axis."""
        top, mass, sum_ = zip(*((part.top, part.mass, part.sum) for part in parts), strict=True)
        return cls(torch.cat(top, axis), torch.cat(mass, axis), torch.cat(sum_, axis))

    def joined(self, other: "Part") -> Tensor:
        """The attention to both parts together."""
        top = torch.maximum(self.top, other.top)
        mine, theirs = (self.top - top).exp(), (other.top - top).exp()
        return (self.sum * mine + other.sum * theirs) / (self.mass * mine + other.mass * theirs)


class Prefixes(Protocol):
    """Keys and values of prompts."""

    def room(self, lengths: Sequence[int]) -> int:
        """Tokens for which keys and values take memory, where there are prompts of these lengths."""

    def put(self, layer: int, keys: Tensor, values: Tensor, first: int, parts: Sequence[int], behind: int) -> None:
        """Store prompts ``first``, …, of the lengths ``parts``, packed as (1, K, sum, D); or tokens ``behind`` … of one."""

    def get(self, layer: int, prompt: int, length: int) -> tuple[Tensor, Tensor]:
        """Keys and values of one prompt's first tokens, each (K, length, D)."""

    def keep(self, order: Sequence[int]) -> None:
        """Forget all prompts but these, which take these places; each stays where it was or comes from behind them all."""

    def lay(self, lengths: Sequence[int], owners: Sequence[int]) -> None:
        """From now on there are prompts of these lengths and rows of these prompts."""

    def attend(self, layer: int, query: Tensor) -> Part:
        """The attention of each row, (R, K, G, D) and scaled, to its prompt."""


class Padded:
    """All prompts in one tensor for each layer, (N or more, K, P or more, D)."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._keys: dict[int, Tensor] = {}
        self._values: dict[int, Tensor] = {}

    def room(self, lengths: Sequence[int]) -> int:
        """See ``Prefixes``: each takes what the longest one so far takes."""
        return len(lengths) * max([*lengths, *(held.shape[2] for held in self._keys.values())])

    def put(self, layer: int, keys: Tensor, values: Tensor, first: int, parts: Sequence[int], behind: int) -> None:
        """See ``Prefixes``."""
        for store, packed in ((self._keys, keys), (self._values, values)):
            held = store.get(layer)
            if held is None:
                held = packed.new_zeros(0, packed.shape[1], 0, packed.shape[3])
            more = (max(first + len(parts) - held.shape[0], 0), max(behind + max(parts) - held.shape[2], 0))
            store[layer] = held = pad(held, (0, 0, 0, more[1], 0, 0, 0, more[0])) if any(more) else held
            for place, part in enumerate(packed[0].split(list(parts), 1), first):
                held[place, :, behind : behind + part.shape[1]] = part

    def get(self, layer: int, prompt: int, length: int) -> tuple[Tensor, Tensor]:
        """See ``Prefixes``."""
        return self._keys[layer][prompt, :, :length], self._values[layer][prompt, :, :length]

    def keep(self, order: Sequence[int]) -> None:
        """See ``Prefixes``."""
        for held in (*self._keys.values(), *self._values.values()):
            move(held, order)

    def lay(self, lengths: Sequence[int], owners: Sequence[int]) -> None:
        """See ``Prefixes``."""
        counts = [0] * len(lengths)
        ranks: list[int] = []
        for owner in owners:
            ranks.append(counts[owner])
            counts[owner] += 1
        self._widest, self._longest = max(counts), max(lengths)
        places = [owner * self._widest + rank for owner, rank in zip(owners, ranks, strict=True)]
        gather = [0] * (len(lengths) * self._widest)
        for row, place in enumerate(places):
            gather[place] = row
        # Row at each of the N · m places, m of them for each prompt; 0 where a place is idle. And the place of each row.
        self._gather = torch.tensor(gather, device=self._device)
        self._places = torch.tensor(places, device=self._device)
        ends = torch.tensor(lengths, device=self._device)
        beyond = torch.arange(self._longest, device=self._device)[None, :] >= ends[:, None]
        # (N, 1, 1, P), −inf beyond each prompt's end.
        self._beyond = torch.zeros(beyond.shape, device=self._device).masked_fill(beyond, -torch.inf)[:, None, None, :]
        self._prompts = len(lengths)

    def attend(self, layer: int, query: Tensor) -> Part:
        """See ``Prefixes``."""
        keys, values = (store[layer][: self._prompts, :, : self._longest] for store in (self._keys, self._values))
        # (N, K, m · G, D): a prompt's rows side by side, so that its keys are read once.
        beside = query[self._gather].view(self._prompts, self._widest, *query.shape[1:]).transpose(1, 2)
        scores = beside.reshape(self._prompts, query.shape[1], -1, query.shape[3]) @ keys.transpose(2, 3)
        part = Part.of(scores, values, self._beyond)
        return Part(*(self._spread(found, query.shape) for found in (part.top, part.mass, part.sum)))

    def _spread(self, found: Tensor, shape: torch.Size) -> Tensor:
        """From places beside a prompt, (N, K, m · G, …), to rows, (R, K, G, …)."""
        heads, group = shape[1], shape[2]
        beside = found.view(found.shape[0], heads, self._widest, group, -1).transpose(1, 2)
        return beside.reshape(-1, heads, group, found.shape[-1])[self._places]


class Ragged:
    """Each prompt for itself: layer → for each prompt (K, its tokens, D)."""

    def __init__(self) -> None:
        self._keys: dict[int, list[Tensor]] = {}
        self._values: dict[int, list[Tensor]] = {}

    def room(self, lengths: Sequence[int]) -> int:
        """See ``Prefixes``."""
        return sum(lengths)

    def put(self, layer: int, keys: Tensor, values: Tensor, first: int, parts: Sequence[int], behind: int) -> None:
        """See ``Prefixes``."""
        for store, packed in ((self._keys, keys), (self._values, values)):
            held = store.setdefault(layer, [])
            if behind:
                held[first] = torch.cat([held[first], packed[0]], 1)
            else:
                held += [part.contiguous() for part in packed[0].split(list(parts), 1)]

    def get(self, layer: int, prompt: int, length: int) -> tuple[Tensor, Tensor]:
        """See ``Prefixes``."""
        return self._keys[layer][prompt][:, :length], self._values[layer][prompt][:, :length]

    def keep(self, order: Sequence[int]) -> None:
        """See ``Prefixes``."""
        for held in (*self._keys.values(), *self._values.values()):
            held[:] = [held[prompt] for prompt in order]

    def lay(self, lengths: Sequence[int], owners: Sequence[int]) -> None:
        """See ``Prefixes``."""
        beside = sorted(range(len(owners)), key=lambda row: owners[row])
        self._counts = [0] * len(lengths)
        for owner in owners:
            self._counts[owner] += 1
        # Row at each place, the rows of a prompt side by side; and the place of each row.
        self._rows = torch.tensor(beside)
        self._places = torch.empty_like(self._rows).scatter_(0, self._rows, torch.arange(len(owners)))

    def attend(self, layer: int, query: Tensor) -> Part:
        """See ``Prefixes``."""
        rows, heads, group, width = query.shape
        # (K, R, G, D), so that the rows of a prompt are one matrix for each head.
        beside = query[self._rows].transpose(0, 1).contiguous()
        parts = [
            Part.of(asking.reshape(heads, -1, width) @ keys.transpose(1, 2), values)
            for asking, keys, values in zip(
                beside.split(self._counts, 1), self._keys[layer], self._values[layer], strict=True
            )
        ]
        found = Part.beside(parts, 1)
        each = (found.top, found.mass, found.sum)
        return Part(*(one.view(heads, rows, group, -1).transpose(0, 1)[self._places] for one in each))


def move(held: Tensor, order: Sequence[int]) -> None:
    """Put what lies at ``order[i]`` at i, for each i; what moves comes from behind ``len(order)``."""
    places = [place for place, source in enumerate(order) if place != source]
    if places:
        sources = torch.tensor([order[place] for place in places], device=held.device)
        held[torch.tensor(places, device=held.device)] = held[sources]


def filled(count: int, gone: Collection[int]) -> list[int]:
    """Who lies where once these of ``count`` have gone: who was among the last takes their places."""
    left = count - len(gone)
    order = list(range(left))
    staying = sorted(set(range(left, count)) - set(gone))
    for source, place in zip(staying, sorted(place for place in gone if place < left), strict=True):
        order[place] = source
    return order
