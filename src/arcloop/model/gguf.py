"""A GGUF file, as llama.cpp and Ollama use it → an ordinary model folder, made once and kept.

transformers reads the file and undoes its quantization; what it gets wrong about the tokens with a
meaning (where an answer ends, what is no text) is taken from the file itself.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from arcloop.errors import ConfigError, ModelError
from arcloop.model.refusing import refusing

__all__ = ["converted", "gguf_file"]

_MAGIC = b"GGUF"
_CONTROL = 3
"""The kind of a token that is no text."""
_NAMED = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}
"""How GGUF and transformers name the tokens with a meaning."""
_SAMPLE = "def transform(input_grid):\n    # 10 cells, don't \t touch\n    return input_grid[::-1, 1:] == 12\n"


def gguf_file(path: Path) -> Path | None:
    """The GGUF file that a path means: itself, or the only one of a folder without a ``config.json``.

    Raises:
        ModelError: the folder has several, or the model is in several parts.
    """
    if path.is_file():
        found = [path] if _begins(path) or path.suffix.lower() == ".gguf" else []  # Ollama's have no suffix
    else:
        found = [] if (path / "config.json").exists() else sorted(path.glob("*.gguf"))
    if len(found) > 1:
        raise ModelError(
            f"--model {path}: {len(found)} GGUF files, {found[0].name} and others; expected one — give the path of the file"
        )
    if found and "-of-0" in found[0].name:
        raise ModelError(
            f"--model {found[0]}: one of several parts; expected the whole model in one file — join them: llama-gguf-split --merge"
        )
    return found[0] if found else None


def converted(path: Path) -> Path:
    """The folder with the model of a GGUF file, in the cache of huggingface_hub; made where it is not there yet.

    Weights are bfloat16. A file of the same content is converted once, wherever it lies.

    Raises:
        ModelError: the file cannot be read, or its tokenizer does not give back what it is given.
        ConfigError: the package gguf is not installed.
    """
    state = path.stat()
    return _converted(path.resolve(), state.st_size, state.st_mtime_ns)


@cache
def _converted(path: Path, size: int, changed: int) -> Path:
    """``size`` and ``changed`` stand for the content, which is read once in a process."""
    from huggingface_hub import cached_assets_path

    if not _begins(path):
        raise ModelError(f"--model {path}: no GGUF file, though its name says so; expected one — fetch it again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kept = cached_assets_path("arcloop", "gguf", f"{path.stem}-{digest[:16]}")
    if (kept / "config.json").is_file():
        return kept
    if find_spec("gguf") is None:
        raise ConfigError(
            f"--model {path}: a GGUF file needs the package gguf, which is not installed — pip install gguf"
        )
    # Made beside its place and moved there whole: a conversion that was stopped leaves nothing that looks like a model.
    with tempfile.TemporaryDirectory(dir=kept.parent) as work:
        made = Path(work) / "model"
        with refusing(
            lambda why: ModelError(
                f"--model {path}: cannot be read ({why}); expected a GGUF file of a causal language model whose kind transformers "
                "knows — fetch it again, or give the model's folder in Hugging Face's form"
            )
        ):
            _convert(path, made)
        try:
            made.rename(kept)
        except OSError:  # another process was faster
            if not (kept / "config.json").is_file():
                raise
    return kept


def _begins(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def _convert(path: Path, out: Path) -> None:
    import torch
    from gguf import GGUFReader
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    fields = GGUFReader(path).fields
    given = {"gguf_file": path.name, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(path.parent, **given)
    tokenizer.clean_up_tokenization_spaces = False  # it would take spaces away from programs
    _repair(tokenizer, fields)
    plain = GgufConfig(gguf_file=path.name, dequantize=True)
    with _shown():
        network = AutoModelForCausalLM.from_pretrained(
            path.parent, dtype=torch.bfloat16, quantization_config=plain, **given
        )
    # It is an ordinary network now; as long as it remembers where it came from it refuses to be saved.
    network.hf_quantizer = None  # type: ignore[assignment]  # declared in the class, as a module is not
    network.config.__dict__.pop("quantization_config", None)
    network.config.eos_token_id = network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.config.bos_token_id = network.generation_config.bos_token_id = tokenizer.bos_token_id
    network.config.pad_token_id = network.generation_config.pad_token_id = None
    tokenizer.save_pretrained(out)
    network.save_pretrained(out)


def _repair(tokenizer: Any, fields: dict[str, Any]) -> None:
    """Give the tokenizer the tokens with a meaning that the file names, all of them told apart from text."""
    names = fields["tokenizer.ggml.tokens"]
    for ours, theirs in _NAMED.items():
        field = fields.get(f"tokenizer.ggml.{ours}_token_id")
        # Two names for one token: what fills up is then looked for among the others (``LanguageModel.pad_id``).
        if field is not None and not (theirs == "pad_token" and field.contents() == tokenizer.eos_token_id):
            setattr(tokenizer, theirs, _text(names, int(field.contents())))
    kinds = fields.get("tokenizer.ggml.token_type")
    control = [i for i in range(len(kinds.data)) if int(kinds.parts[kinds.data[i]][0]) == _CONTROL] if kinds else []
    named = set(tokenizer.all_special_tokens)
    others = [token for i in control if (token := _text(names, i)) not in named]
    tokenizer.add_special_tokens({"extra_special_tokens": others})
    if (read := tokenizer.decode(tokenizer(_SAMPLE, add_special_tokens=False)["input_ids"])) != _SAMPLE:
        raise ValueError(f"its tokenizer makes {read!r:.80} of {_SAMPLE!r:.80}")


def _text(names: Any, index: int) -> str:
    return str(bytes(names.parts[names.data[index]]), "utf-8")


@contextmanager
def _shown() -> Iterator[None]:
    """With transformers' own bars: undoing the quantization of billions of weights takes minutes."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.enable_progress_bar()
    try:
        yield
    finally:
        if not shown:
            logging.disable_progress_bar()
