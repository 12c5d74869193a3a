"""Keys and values of prompts and their completions, each prompt's stored once for all its completions.

Shapes: N prompts, n rows (completions) per prompt, P tokens of the longest prompt, S completion
tokens so far, H heads, K heads of keys and values (H = K · G), D width of a head. Decoding a step
reads a prompt's keys once for its n rows, which is what makes many completions per prompt cheap.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from arcloop.model.attention import attend_segments

__all__ = ["PrefixMemory"]

_GROWTH = 64
"""Completion tokens by which the buffers grow."""


class PrefixMemory:
    """Fill with ``segments`` of prompts in one pass, then ``begin`` and decode token by token."""

    def __init__(self, segments: list[int]) -> None:
        """``segments``: the prompts' lengths, in the order in which they are packed into the first pass."""
        self.segments = segments
        self._keys: dict[int, Tensor] = {}  # layer → (N, K, P, D)
        self._values: dict[int, Tensor] = {}
        self._row_keys: dict[int, Tensor] = {}  # layer → (N · n, K, S or more, D)
        self._row_values: dict[int, Tensor] = {}
        self._rows = 0  # n; 0 while the prompts are read
        self._step = 0
        self._hidden: Tensor | None = None  # (N, 1, 1, P), −inf beyond each prompt's end

    def begin(self, rows: int, device: torch.device) -> None:
        """The prompts are read; from now on each pass holds one token for each of ``rows`` completions of each prompt."""
        lengths = torch.tensor(self.segments, device=device)
        beyond = torch.arange(max(self.segments), device=device)[None, :] >= lengths[:, None]
        self._hidden = torch.zeros(beyond.shape, device=device).masked_fill(beyond, -torch.inf)[:, None, None, :]
        self._rows = rows

    def advance(self) -> None:
        """A step is complete: the next pass holds the next token of each row."""
        self._step += 1

    def keep(self, prompts: Tensor, rows: Tensor) -> None:
        """Forget all but these prompts (N′ indices) and rows (N′ × n′ indices into the N · n rows)."""
        if self._hidden is None:
            raise RuntimeError("keep() before begin()")
        self._hidden = self._hidden[prompts]
        self._rows = rows.shape[1]
        flat = rows.flatten()
        for layer in self._keys:
            self._keys[layer] = self._keys[layer][prompts]
            self._values[layer] = self._values[layer][prompts]
            self._row_keys[layer] = self._row_keys[layer][flat]
            self._row_values[layer] = self._row_values[layer][flat]

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """See ``attention.Memory``."""
        if self._rows == 0:
            self._keys[layer] = self._padded(key)
            self._values[layer] = self._padded(value)
            return attend_segments(query, key, value, self.segments, scaling)
        own_keys = self._append(self._row_keys, layer, key)
        own_values = self._append(self._row_values, layer, value)
        return self._decode(query, self._keys[layer], self._values[layer], own_keys, own_values, scaling)

    def _padded(self, packed: Tensor) -> Tensor:
        longest = max(self.segments)
        return torch.cat([pad(part, (0, 0, 0, longest - part.shape[2])) for part in packed.split(self.segments, 2)])

    def _append(self, store: dict[int, Tensor], layer: int, token: Tensor) -> Tensor:
        if layer not in store:
            store[layer] = token.new_zeros(token.shape[0], token.shape[1], _GROWTH, token.shape[3])
        elif store[layer].shape[2] == self._step:
            store[layer] = pad(store[layer], (0, 0, 0, self._step))
        store[layer][:, :, self._step] = token[:, :, 0]
        return store[layer][:, :, : self._step + 1]

    def _decode(
        self, query: Tensor, keys: Tensor, values: Tensor, own_keys: Tensor, own_values: Tensor, scaling: float
    ) -> Tensor:
        if self._hidden is None:
            raise RuntimeError("a token before begin()")
        prompts, heads_kv, longest, width = keys.shape
        rows, heads = self._rows, query.shape[1]
        group = heads // heads_kv
        q = query.view(prompts * rows, heads_kv, group, width) * scaling
        # (N, K, n · G, D): all rows of a prompt side by side, so that its keys are read once.
        shared_q = (
            q.view(prompts, rows, heads_kv, group, width)
            .transpose(1, 2)
            .reshape(prompts, heads_kv, rows * group, width)
        )
        shared = shared_q @ keys.transpose(2, 3) + self._hidden
        own = (q @ own_keys.transpose(2, 3)).view(prompts, rows, heads_kv, group, -1).transpose(1, 2)
        weights = (
            torch.cat([shared, own.reshape(prompts, heads_kv, rows * group, -1)], dim=3)
            .float()
            .softmax(3)
            .to(query.dtype)
        )
        from_own = weights[..., longest:].view(prompts, heads_kv, rows, group, -1).transpose(1, 2)
        out = (from_own.reshape(prompts * rows, heads_kv, group, -1) @ own_values).view(
            prompts, rows, heads_kv, group, width
        )
        from_shared = (weights[..., :longest] @ values).view(prompts, heads_kv, rows, group, width).transpose(1, 2)
        return (out + from_shared).reshape(prompts * rows, 1, heads, width)
