"""Sizes and settings → the most bytes that a training step, or a search, takes.

Sums of products, without a network. Each term was found from what the layers keep and was checked against a simulation of
the real code (``python -m experiments.memory_simulation``); a GPU also has a context, workspaces and an allocator that
loses some to fragmentation, which are none of these. In the comments: h hidden, f width of the gated unit, q and k numbers
of a token's queries and keys, T tokens in a pass, L layers, V vocabulary, r rank.
"""

from dataclasses import dataclass

from arcloop.config import Optimizer, TrainingConfig
from arcloop.model.effective import SMALL
from arcloop.model.shape import Shape
from arcloop.training.loss import ALIGN, LOGITS

__all__ = ["Need", "adapter_numbers", "sampling_need", "training_need", "weight_bytes"]

_STATE: dict[Optimizer, float] = {"adamw_8bit": 2, "paged_adamw_8bit": 2, "sgd": 0, "adafactor": 0.1}
"""Bytes of an optimizer's state for each trained number; AdamW has two float32."""


@dataclass(frozen=True)
class Need:
    """Bytes at the moment when most are held."""

    weights: float
    """Base weights."""
    adapter: float
    """Adapter, its copies, gradients and optimizer state."""
    kept: float
    """What grows with the tokens and stays: activations of a step, or keys and values of a search."""
    passing: float
    """What is there for a moment besides."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.adapter + self.kept + self.passing


def weight_bytes(shape: Shape, four_bit: bool, size: int = 2) -> float:
    """Bytes of the base weights, in numbers of ``size`` bytes."""
    # NF4 with double quantization: half a byte for each number, a byte for each 64, four for each 64 · 256. Embedding,
    # head and norms (two for each layer and the last) stay as they are.
    each = 0.5 + 1 / 64 + 4 / (64 * 256) if four_bit else size
    return shape.matrices * each + size * (shape.embeddings + (2 * shape.layers + 1) * shape.hidden)


def adapter_numbers(shape: Shape, rank: int, targets: tuple[str, ...] = ("all-linear",)) -> int:
    """Numbers of a LoRA adapter: r · (in + out) for each adapted matrix."""
    adapted = [sizes for name, sizes in shape.linear.items() if targets == ("all-linear",) or name in targets]
    return shape.layers * rank * sum(inner + outer for inner, outer in adapted)


def training_need(
    shape: Shape,
    config: TrainingConfig,
    tokens: int,
    trained: int,
    *,
    four_bit: bool,
    checkpointing: bool,
    size: int = 2,
) -> Need:
    """Of a step in which passes have so many tokens, so many of them ``trained``; numbers have ``size`` bytes."""
    h, f, q, k, r = shape.hidden, shape.intermediate, shape.queries, shape.keys, config.lora_r
    # Its weights, what they began as, what they were before this training, gradients: 4 bytes each; 2 in 16 bits.
    numbers = adapter_numbers(shape, r, config.target_modules)
    adapter = numbers * (4 * 4 + 2 + _STATE.get(config.optimizer, 8))
    # A layer keeps, for each token: two norms' inputs in float32, and what goes into their matrices (12 h); queries, keys
    # and values, what attention gives and its copy for the next matrix (6 q + 4 k, and a float32 for each head);
    # gate, its activation, up and their product (8 f); what goes into the second half of each adapter (14 r); a
    # float32 of each norm.
    layer = 12 * h + 6 * q + 4 * k + 4 * shape.heads + 8 * f + 14 * r + 8
    if not four_bit:
        # PEFT casts the input of each plain matrix anew: queries, keys and values share none then, nor do gate and up.
        layer += 6 * h
    # With checkpointing a layer's input alone is kept, in 16 bits, and one layer is made again at a time.
    kept = 2 * h * shape.layers if checkpointing else layer * shape.layers
    again = layer if checkpointing else 0
    # Backward through a layer: through the gated unit, with PEFT's casts where weights are in 16 bits.
    unit = again + (4 * f - 2 * h if four_bit else 6 * f + 10 * h)
    # Backward through the last norm, in float32, before any layer.
    norm = 20 * h
    # The loss: logits in 16 bits and float32, their logarithms, the gradient; no more are kept than ``LOGITS``.
    rows = min(-(-trained // ALIGN) * ALIGN, max(1, LOGITS // shape.vocabulary))
    loss = 4 * h * tokens + 12 * rows * shape.vocabulary + 4 * trained * h
    # Backward through a 4-bit matrix unpacks it.
    unpacked = 2 * h * f if four_bit else 0
    wide = size / 2
    passing = max(tokens * unit + unpacked, tokens * norm, loss)
    return Need(weight_bytes(shape, four_bit, size), adapter, wide * kept * tokens, wide * passing)


def sampling_need(
    shape: Shape,
    rank: int,
    *,
    four_bit: bool,
    prefill: int,
    rows: int,
    prompt: int,
    completion: int,
    cache: float,
    size: int = 2,
) -> Need:
    """Of a search: prompts are read ``prefill`` tokens at once, ``rows`` completions decoded side by side.

    ``prompt``, ``completion``: the longest. ``cache``: bytes of keys and values. ``rank``: of the adapter; 0 = none.
    """
    h, f, q = shape.hidden, shape.intermediate, shape.queries
    # The adapter and what it began as, in float32; small matrices are kept a second time, with the adapter added.
    adapter = 8.0 * adapter_numbers(shape, rank)
    if rank and not four_bit:
        small = [inner * outer for inner, outer in shape.linear.values() if inner * outer <= SMALL]
        adapter += size * shape.layers * sum(small)
    # Reading: the gated unit's activation and product in 16 bits, PEFT's sums in float32 (12 f); a residual, a norm's
    # output and its cast to float32 (12 h).
    reading = float(prefill * (12 * f + 12 * h))
    if prompt > prefill:
        # A prompt read in parts: a mask, and its keys and values once for each head.
        reading += 3 * prefill * prompt + 4 * q * prompt
    # Choosing: logits and their softmax (8), the latter sorted, with places of 8 bytes (12), its sums (4), and what is
    # compared and multiplied to find whom top_p keeps (9).
    choosing = 33 * rows * shape.vocabulary
    # Attending: scores in 16 bits and float32, weights in both.
    attending = 12 * rows * shape.heads * max(prompt, completion)
    # One layer's keys or values are there twice while they grow.
    growing = cache / (2 * shape.layers)
    return Need(
        weight_bytes(shape, four_bit, size), adapter, cache, max(reading, choosing, attending, growing) * size / 2
    )
