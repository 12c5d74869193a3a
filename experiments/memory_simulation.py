"""Peak memory of a training step and of a search, simulated beside the estimate: no GPU, no weights, no numbers computed.

    python -m experiments.memory_simulation [--out memory.json] [--whole]

The trainer, the sampler, transformers, PEFT and bitsandbytes' layers run as they are, on fake tensors, which have a
shape and a type and no content; counted are the bytes of all tensors alive at a time. Three things stand in for what a
GPU would do: attention keeps what flash attention keeps, a product with 4-bit weights holds the weights in 16 bits
where bitsandbytes' kernels for CUDA do, and no number is ever read. What is not counted: the CUDA context, the
libraries' workspaces, and what the allocator loses to fragmentation.
"""

import argparse
import copy
import dataclasses
import gc
import itertools
import json
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import bitsandbytes
import torch
from bitsandbytes.functional import QuantState
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoModelForCausalLM, LlamaConfig, PretrainedConfig, Qwen2Config

from arcloop.config import SamplingConfig, TrainingConfig
from arcloop.footprint.estimate import sampling_need, training_need
from arcloop.model import attention
from arcloop.model.language import LanguageModel
from arcloop.model.shape import shape_of
from arcloop.records import Augmentation, Prompt
from arcloop.sampling import Draw, Request, memory, prefixes, suffixes, transformers
from arcloop.training import optimization
from arcloop.training.rows import Row

GIB = 2**30
HALF = torch.bfloat16
FUSED_UP_TO = 1536
"""Rows up to which bitsandbytes multiplies with 4-bit weights without unpacking them all."""


class Meter(TorchDispatchMode):
    """Counts the bytes of all tensors that are made under it, as long as they live."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._seen: weakref.WeakKeyDictionary[Any, None] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do what is asked, and count what comes of it."""
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage())
        return out

    def begin(self) -> None:
        """What was held for a moment until now does not count: weights are made here otherwise than they are loaded."""
        gc.collect()
        self.peak = self.live

    def _count(self, storage: Any) -> None:
        if storage not in self._seen:
            size = storage.nbytes()
            self._seen[storage] = None
            self.live += size
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self._drop, size)

    def _drop(self, size: int) -> None:
        self.live -= size


class Flash(torch.autograd.Function):
    """What flash attention holds: its inputs, its output, a number for each query, and in float32 the queries' gradient."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """No numbers, of the output's shape."""
        out = torch.empty_like(query)
        ctx.save_for_backward(query, key, value, out, query.new_empty(query.shape[:3], dtype=torch.float32))
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        """No numbers, of the gradients' shapes."""
        query, key, value, _, _ = ctx.saved_tensors
        held = torch.empty_like(query, dtype=torch.float32)
        found = torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)
        del held
        return found


def attend_segments(query: Tensor, key: Tensor, value: Tensor, segments: Sequence[int], scaling: float) -> Tensor:
    """In the place of ``attention.attend_segments``, which would take the ways of a CPU."""
    parts = zip(*(part.to(HALF).split(list(segments), 2) for part in (query, key, value)), strict=True)
    return torch.cat([Flash.apply(*part) for part in parts], dim=2).transpose(1, 2)


class Linear4(bitsandbytes.nn.Linear4bit):  # type: ignore[misc]
    """bitsandbytes' layer in NF4 with double quantization, without content."""

    def __init__(self, inner: int, outer: int) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features, self.bias = inner, outer, None
        self.compute_dtype, self.compute_type_is_set = HALF, True
        blocks = inner * outer // 64
        self.weight = nn.Parameter(torch.empty(inner * outer // 2, 1, dtype=torch.uint8), requires_grad=False)
        self.weight.compress_statistics, self.weight.quant_type = True, "nf4"
        second = QuantState(
            absmax=torch.empty(blocks // 256), code=torch.empty(256), blocksize=256, dtype=torch.float32
        )
        self.state = QuantState(
            absmax=torch.empty(blocks, dtype=torch.uint8), shape=torch.Size((outer, inner)), code=torch.empty(16),
            blocksize=64, quant_type="nf4", dtype=HALF, offset=torch.empty(()), state2=second,
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """As ``Linear4bit.forward``, with the unpacked weights that its kernel for CUDA makes of many rows."""
        unpacked = torch.empty(self.out_features, self.in_features, dtype=HALF) if _many(x) else None
        out: Tensor = bitsandbytes.matmul_4bit(x.to(HALF), self.weight, quant_state=self.state).to(x.dtype)
        del unpacked
        return out


def _many(x: Tensor) -> bool:
    return x.numel() // x.shape[-1] > FUSED_UP_TO


class Words:
    """In the place of a tokenizer."""


class Model(LanguageModel):
    """A model whose prompts are as many tokens as their text says."""

    def encode(self, text: str) -> list[int]:
        """So many tokens."""
        return [1] * int(text)

    def decode(self, ids: Sequence[int]) -> str:
        """No words."""
        return ""


def converted(self: nn.Module, fn: Any, recurse: bool = True) -> nn.Module:
    """In the place of ``Module._apply``, which cannot exchange fake tensors in place."""
    for module in self.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            with torch.no_grad():
                found = fn(parameter)
            if found is not parameter:
                setattr(module, name, nn.Parameter(found, requires_grad=parameter.requires_grad))
        for name, buffer in list(module.named_buffers(recurse=False)):
            setattr(module, name, fn(buffer))
    return self


def network(config: PretrainedConfig, four_bit: bool) -> Any:
    """A network without content, as ``load_model`` makes it on a GPU."""
    made = AutoModelForCausalLM.from_config(config, dtype=HALF)
    if four_bit:
        for name, module in list(made.named_modules()):
            if isinstance(module, nn.Linear) and not name.endswith("lm_head"):
                parent, _, own = name.rpartition(".")
                setattr(made.get_submodule(parent), own, Linear4(module.in_features, module.out_features))
        made.is_loaded_in_4bit = made.is_quantized = True
    made.requires_grad_(False)
    attention.install(made.eval())
    return made


@contextmanager
def simulation() -> Iterator[Meter]:
    """Tensors have no content in this block; the meter counts them."""
    autocast = torch.is_autocast_enabled
    answers = itertools.cycle(
        [False, True]
    )  # nobody is greedy; and the likeliest tokens are too few, so that all are sorted
    stands_in = (
        # PEFT asks so of CUDA, and there the answer would be that of the CPU's here.
        mock.patch.object(torch, "is_autocast_enabled", lambda device="cpu": autocast(device)),
        mock.patch.object(nn.Module, "_apply", converted),
        mock.patch.object(attention, "attend_segments", attend_segments),
        mock.patch.object(memory, "attend_segments", attend_segments),
        mock.patch.object(FakeTensor, "__bool__", lambda self: next(answers)),
        mock.patch.object(FakeTensor, "tolist", lambda self: [5] * len(self)),
        mock.patch.object(optimization, "float", lambda value: 0.0, create=True),
    )
    with ExitStack() as stack:
        for one in stands_in:
            stack.enter_context(one)
        stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        yield stack.enter_context(Meter())


def training_peak(config: PretrainedConfig, four_bit: bool, training: TrainingConfig, tokens: int, trained: int) -> int:
    """Most bytes alive in two optimizer steps on rows, one at a time, of so many tokens, so many of them learned."""
    with simulation() as meter:
        model = Model("random", network(config, four_bit), Words(), None, dtype="bfloat16")  # type: ignore[arg-type]
        vars(model)["pad_id"] = 0
        meter.begin()
        training = dataclasses.replace(training, pack_tokens=tokens)
        adapter = model.trainable_adapter(training)
        before = {name: p.detach().clone() for name, p in adapter.parameters.items()}  # as ``LoraTrainer.fit``
        steps = optimization.Optimization(model, adapter.parameters, training, 10)
        row = Row((1,) * tokens, tokens - trained, 1.0)
        # The second step's second pass has all that a pass can have beside it: gradients, and the optimizer's state.
        for batch in ([row], [row] * 2):
            steps.step(batch)
        del before
        return meter.peak


class DoneError(Exception):
    """The search has shown what it needs."""


def sampling_peak(config: PretrainedConfig, four_bit: bool, rank: int, sampling: SamplingConfig, prompt: int) -> int:
    """Most bytes alive in a search of prompts of so many tokens with an adapter: until its rows are full, and more enter."""
    longest = sampling.max_tokens or 0
    # Tokens of the rows where their buffers grow, and at the end.
    ages = [*(2**k for k in range(6, 20) if 2**k < longest - 1), longest - 1]
    with simulation() as meter:
        model = Model("random", network(config, four_bit), Words(), None, dtype="bfloat16")  # type: ignore[arg-type]
        vars(model)["stop_ids"] = frozenset()
        meter.begin()
        model.trainable_adapter(TrainingConfig(lora_r=rank))
        sampler = transformers.TransformersSampler(model, sampling)
        each = sampling.completions_per_prompt
        prompts = 2 * max(1, (sampling.rows or transformers.ROWS) // each)
        requests = [
            Request(
                Prompt(str(k), "t", 0, Augmentation(), 0, str(prompt)),
                tuple(Draw(f"{k}/{d}", d, 1.0) for d in range(each)),
            )
            for k in range(prompts)
        ]
        quiet, full, entered = 0, False, False

        def advance(self: suffixes.Level) -> None:
            # From size to size: what lies between takes no more.
            self.ages = [next((more for more in ages if more > age), age) for age in self.ages]
            self._standing = None

        def choose(self: transformers.TransformersSampler, rows: list[Any], logits: Tensor) -> Tensor:
            nonlocal quiet, full, entered
            if not rows[0].tokens:
                quiet, entered = 0, full
            elif entered:
                raise DoneError
            else:
                quiet += 1
            found = real(self, rows, logits)
            if quiet > len(ages):
                # No more enter, and the buffers are full. As many leave as were let in at once, so that as many enter.
                full = True
                for row in rows[: each * max(1, (sampling.prefill_tokens or transformers.PREFILL) // prompt)]:
                    row.reason = transformers.FinishReason.LENGTH
            return found

        real = transformers.TransformersSampler._choose
        with (
            mock.patch.object(transformers, "_LOOK", 1),  # prompts enter as soon as they can, which saves steps
            mock.patch.object(suffixes.Level, "advance", advance),
            # As on a GPU.
            mock.patch.object(memory, "Ragged", lambda: prefixes.Padded(model.device)),
            mock.patch.object(memory, "Cohorts", lambda longest: suffixes.Level(model.device, longest)),
            mock.patch.object(transformers.TransformersSampler, "_choose", choose),
        ):
            try:
                for _ in sampler.sample(requests):
                    pass
            except DoneError:
                pass
        return meter.peak


LLAMA_1B = LlamaConfig(
    vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
    num_key_value_heads=8, head_dim=64, tie_word_embeddings=True,
)  # fmt: skip
LLAMA_3B = LlamaConfig(
    vocab_size=128256, hidden_size=3072, intermediate_size=8192, num_hidden_layers=28, num_attention_heads=24,
    num_key_value_heads=8, head_dim=128, tie_word_embeddings=True,
)  # fmt: skip
LLAMA_8B = LlamaConfig(
    vocab_size=128256, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=8, head_dim=128, tie_word_embeddings=False,
)  # fmt: skip
QWEN_HALF_B = Qwen2Config(
    vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14,
    num_key_value_heads=2, tie_word_embeddings=True,
)  # fmt: skip
QWEN_7B = Qwen2Config(
    vocab_size=152064, hidden_size=3584, intermediate_size=18944, num_hidden_layers=28, num_attention_heads=28,
    num_key_value_heads=4, tie_word_embeddings=False,
)  # fmt: skip
SHAPES = {
    "Llama 1B": LLAMA_1B, "Llama 3B": LLAMA_3B, "Llama 8B": LLAMA_8B, "Qwen 0.5B": QWEN_HALF_B, "Qwen 7B": QWEN_7B,
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What is simulated: a training step where ``pack`` is set, else a search."""

    shape: str
    four_bit: bool
    rank: int = 16
    pack: int | None = None
    """Tokens that go through the network at once."""
    trained: int = 500
    checkpointing: bool = True
    rows: int = 128
    each: int = 8
    """Completions of a prompt."""
    prompt: int = 3000
    completion: int = 1024
    prefill: int = 8192

    def __str__(self) -> str:
        """Its cells of the table."""
        bits = "4-bit" if self.four_bit else "16-bit"
        if self.pack is None:
            what = f"search, {self.rows} rows, {self.each} for each prompt of {self.prompt:,} tokens, {self.prefill:,} read at once"
            what += f", up to {self.completion:,} written"
        else:
            kept = "checkpointing" if self.checkpointing else "no checkpointing"
            what = f"training, {self.pack:,} tokens, {self.trained:,} learned, {kept}, rank {self.rank}"
        return f"{self.shape} | {bits} | {what}"

    def estimated(self) -> float:
        """Bytes by the formulas."""
        shape = shape_of(SHAPES[self.shape])
        if shape is None:
            raise ValueError(self.shape)
        if self.pack is not None:
            training = TrainingConfig(lora_r=self.rank)
            return training_need(
                shape, training, self.pack, self.trained, four_bit=self.four_bit, checkpointing=self.checkpointing
            ).total
        prompts = max(1, self.rows // self.each)
        # Whole prompts are read together; one that is longer, in parts.
        together = min(prompts, self.prefill // self.prompt) * self.prompt
        return sampling_need(
            shape, self.rank, four_bit=self.four_bit, prefill=together or self.prefill, rows=self.rows,
            prompt=self.prompt, completion=self.completion,
            cache=shape.kept(2) * (prompts * self.prompt + self.rows * self.completion),
        ).total  # fmt: skip

    def simulated(self, whole: bool = False) -> float:
        """Most bytes: of the whole network, or else from two layers and three, since each further one adds the same."""
        config = SHAPES[self.shape]
        if whole:
            return self._peak(config)
        two, three = (self._peak(cut(config, layers)) for layers in (2, 3))
        return three + (config.num_hidden_layers - 3) * (three - two)

    def _peak(self, config: PretrainedConfig) -> int:
        if self.pack is not None:
            training = TrainingConfig(lora_r=self.rank, learning_rate=1e-5, gradient_checkpointing=self.checkpointing)
            return training_peak(config, self.four_bit, training, self.pack, self.trained)
        sampling = SamplingConfig(
            max_tokens=self.completion, max_prompt_tokens=self.prompt, rows=self.rows,
            completions_per_prompt=self.each, prefill_tokens=self.prefill,
        )  # fmt: skip
        return sampling_peak(config, self.four_bit, self.rank, sampling, self.prompt)


def cut(config: PretrainedConfig, layers: int) -> PretrainedConfig:
    """The same network with fewer layers."""
    config = copy.deepcopy(config)
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    return config


TRAININGS = (
    Setting("Llama 8B", True, pack=4096),
    Setting("Llama 8B", False, pack=4096),
    Setting("Llama 8B", True, pack=4096, checkpointing=False),
    Setting("Llama 8B", False, pack=4096, checkpointing=False),
    Setting("Llama 8B", True, pack=8192),
    Setting("Llama 8B", False, pack=8192, trained=1000),
    Setting("Llama 8B", True, rank=64, pack=2048),
    Setting("Llama 8B", True, rank=32, pack=10000, trained=1500),
    Setting("Llama 8B", False, pack=1024, trained=200, checkpointing=False),
    Setting("Llama 3B", False, pack=4096, checkpointing=False),
    Setting("Llama 3B", False, pack=4096),
    Setting("Llama 3B", True, pack=2048, trained=300, checkpointing=False),
    Setting("Llama 3B", True, rank=32, pack=10000),
    Setting("Llama 1B", False, pack=4096, checkpointing=False),
    Setting("Llama 1B", True, pack=8192, trained=1200),
    Setting("Llama 1B", False, rank=64, pack=8192),
    Setting("Qwen 7B", True, pack=4096),
    Setting("Qwen 7B", False, pack=2048, checkpointing=False),
    Setting("Qwen 7B", True, pack=4096, trained=400, checkpointing=False),
    Setting("Qwen 0.5B", False, pack=8192, checkpointing=False),
    Setting("Qwen 0.5B", False, rank=64, pack=512, trained=60),
)
SEARCHES = (
    Setting("Llama 8B", True),
    Setting("Llama 8B", False),
    Setting("Llama 8B", True, prompt=8635, prefill=32768),
    Setting("Llama 8B", False, prompt=3000, prefill=32768),
    Setting("Llama 8B", True, rows=32, prompt=8635, prefill=2048),
    Setting("Llama 8B", False, rows=64, each=16, prompt=5000, prefill=4096),
    Setting("Llama 3B", False),
    Setting("Llama 3B", True, rows=256, each=32, prompt=2000),
    Setting("Llama 3B", False, rows=16, each=1, prompt=6000, prefill=16384),
    Setting("Llama 1B", False),
    Setting("Llama 1B", True, rows=64, prompt=8635, prefill=4096),
    Setting("Llama 1B", False, rows=512, each=64, prompt=1500, completion=512),
    Setting("Qwen 7B", True),
    Setting("Qwen 7B", False, rows=32, prompt=6000, completion=2048, prefill=16384),
    Setting("Qwen 0.5B", False),
    Setting("Qwen 0.5B", False, rows=256, each=16, prompt=4000, completion=640, prefill=2048),
)


def main() -> None:
    """Simulate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=Path("memory.json"), help="what was simulated; a rerun does the rest"
    )
    parser.add_argument("--whole", action="store_true", help="all layers, which takes ten times as long")
    options = parser.parse_args()
    found: dict[str, float] = json.loads(options.out.read_text()) if options.out.is_file() else {}
    print("| model | weights | what | simulated GiB | estimated GiB | error |\n|---|---|---|---|---|---|")
    worst = 0.0
    for setting in (*TRAININGS, *SEARCHES):
        key = json.dumps(asdict(setting) | {"whole": options.whole})
        if key not in found:
            found[key] = setting.simulated(options.whole)
            options.out.write_text(json.dumps(found, indent=1) + "\n")
        estimated, error = setting.estimated(), setting.estimated() / found[key] - 1
        worst = max(worst, abs(error))
        print(f"| {setting} | {found[key] / GIB:.2f} | {estimated / GIB:.2f} | {error:+.1%} |", flush=True)
    print(f"\n{len(TRAININGS) + len(SEARCHES)} settings, the largest error {worst:.1%}")


if __name__ == "__main__":
    main()
