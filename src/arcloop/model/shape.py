"""A Hugging Face configuration → the sizes that decide how much memory a network takes."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Shape", "shape_of"]


@dataclass(frozen=True)
class Shape:
    """Sizes of a Llama-like network: gated units, grouped heads, norms without means."""

    layers: int
    hidden: int
    intermediate: int
    """Width of the gated unit."""
    heads: int
    heads_kv: int
    """Heads of keys and values."""
    head_width: int
    vocabulary: int
    tied: bool = False
    """Are the head's weights those of the embedding?"""

    @property
    def queries(self) -> int:
        """Numbers of a token's queries in a layer."""
        return self.heads * self.head_width

    @property
    def keys(self) -> int:
        """Numbers of a token's keys in a layer; as many are its values."""
        return self.heads_kv * self.head_width

    @property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Name → (inputs, outputs) of the matrices in a layer."""
        h, q, k, f = self.hidden, self.queries, self.keys, self.intermediate
        return {
            "q_proj": (h, q),
            "k_proj": (h, k),
            "v_proj": (h, k),
            "o_proj": (q, h),
            "gate_proj": (h, f),
            "up_proj": (h, f),
            "down_proj": (f, h),
        }

    @property
    def matrices(self) -> int:
        """Numbers of all layers' matrices."""
        return self.layers * sum(inner * outer for inner, outer in self.linear.values())

    @property
    def embeddings(self) -> int:
        """Numbers of embedding and head."""
        return (1 if self.tied else 2) * self.vocabulary * self.hidden

    def kept(self, size: int) -> int:
        """Bytes of a token's keys and values in all layers, in numbers of ``size`` bytes."""
        return 2 * self.layers * self.keys * size


def shape_of(config: Any) -> Shape | None:
    """The shape that a network's configuration says; None where it does not say all of it, as other architectures' do not.

    ``config``: a ``PretrainedConfig``, or the object in a ``config.json``.
    """
    values = config if isinstance(config, dict) else config.to_dict()
    inner = values.get("text_config")
    values = values | inner if isinstance(inner, dict) else values
    needed = ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size")
    sizes = [size for size in map(values.get, needed) if type(size) is int and size > 0]
    if len(sizes) < len(needed):
        return None
    layers, hidden, intermediate, heads, vocabulary = sizes
    heads_kv, width = values.get("num_key_value_heads") or heads, values.get("head_dim") or hidden // heads
    if type(heads_kv) is not int or type(width) is not int:
        return None
    tied = values.get("tie_word_embeddings", True) is not False
    return Shape(layers, hidden, intermediate, heads, heads_kv, width, vocabulary, tied)
