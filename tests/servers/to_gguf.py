"""A model folder of the Llama kind → one file for llama.cpp: ``python to_gguf.py FOLDER FILE``.

For models with a tokenizer like Llama 3's, such as the embedded one. Runs in the servers' environment, without torch.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def main() -> None:
    """Convert."""
    folder, out = Path(sys.argv[1]), sys.argv[2]
    config = json.loads((folder / "config.json").read_text())
    heads = config["num_attention_heads"]
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    tokens(writer, folder, config)
    for name, tensor in tensors(folder):
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            # llama.cpp turns pairs of neighbours, transformers pairs half a head apart.
            rows = tensor.reshape(heads, 2, -1, tensor.shape[1])
            tensor = rows.swapaxes(1, 2).reshape(tensor.shape)
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tokens(writer: Any, folder: Path, config: dict[str, Any]) -> None:
    """Write the tokenizer."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = {**tokenizer["model"]["vocab"], **{one["content"]: one["id"] for one in tokenizer["added_tokens"]}}
    special = {one["id"] for one in tokenizer["added_tokens"] if one["special"]}
    added = {one["id"] for one in tokenizer["added_tokens"]}
    listed = sorted(vocabulary, key=lambda token: vocabulary[token])
    kinds = [
        gguf.TokenType.CONTROL if k in special else gguf.TokenType.USER_DEFINED if k in added else gguf.TokenType.NORMAL
        for k in range(len(listed))
    ]
    merges = [one if isinstance(one, str) else " ".join(one) for one in tokenizer["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list(listed)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())


def tensors(folder: Path) -> Any:
    """Name in llama.cpp and values, as numbers that NumPy has."""
    path = folder / "model.safetensors"
    head = path.read_bytes()
    size = int.from_bytes(head[:8], "little")
    described = json.loads(head[8 : 8 + size])
    for name, one in described.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + place for place in one["data_offsets"])
        raw = head[begin:end]
        if one["dtype"] == "BF16":
            values = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(raw, {"F32": np.float32, "F16": np.float16}[one["dtype"]]).astype(np.float32)
        *before, kind = name.split(".")
        stem = ".".join(before)
        if stem.startswith("model.layers."):
            _, _, number, inside = stem.split(".", 3)
            yield f"blk.{number}.{NAMES[inside]}.{kind}", values.reshape(one["shape"])
        else:
            yield f"{NAMES[stem]}.{kind}", values.reshape(one["shape"])


main()
