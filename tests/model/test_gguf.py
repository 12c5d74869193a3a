"""GGUF files: what becomes of one that llama.cpp would run, and of those that are none."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, GgufConfig

import arcloop.model.gguf as gguf_module
from arcloop.errors import ConfigError, ModelError
from arcloop.model.card import model_folder, read_card
from arcloop.model.language import chat_ids, chat_text, load_model
from arcloop.records import Message
from tests.smollm2 import write_tiny

CHAT = [Message("user", "Turn it.\n1 2\n3 4"), Message("assistant", "def transform(grid):\n    return grid.T")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny(path, vocabulary=2048)
    return path


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where conversions are kept."""
    monkeypatch.setattr("huggingface_hub.utils._cache_assets.HF_ASSETS_CACHE", str(tmp_path / "kept"))
    gguf_module._converted.cache_clear()
    return tmp_path / "kept"


def test_it_is_the_model_that_transformers_reads_with_the_tokens_that_the_file_names(
    tiny: Path, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(str(tiny))
    plain = GgufConfig(gguf_file=tiny.name, dequantize=True)
    theirs = AutoModelForCausalLM.from_pretrained(tiny.parent, gguf_file=tiny.name, quantization_config=plain)
    text = chat_text(model.tokenizer, CHAT[:1])
    ids = torch.tensor([chat_ids(model.tokenizer, text)])
    length = ids.shape[1]
    ours = model.logits(model.hidden(ids, torch.arange(length)[None], segments=[length]))
    torch.testing.assert_close(ours, theirs(ids).logits, rtol=0.05, atol=0.02)  # kept in bfloat16

    tokenizer = model.tokenizer
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.unk_token) == (
        "<|im_start|>",
        "<|im_end|>",
        "<|endoftext|>",
    )
    assert model.end_id == tokenizer.eos_token_id == 2 and model.pad_id == 0 and model.stop_ids == {2}
    assert text.endswith("<|im_start|>assistant\n") and ids[0, 0] == 1 and (ids == 1).sum() == 3
    assert model.decode(model.encode_answer(CHAT[1].content)) == CHAT[1].content
    assert "<repo_name>" in tokenizer.all_special_tokens
    assert read_card(str(tiny)).context == 8192

    # It is found again, by the content, wherever it lies and whatever it is called.
    other = tmp_path / "sha256-0123"
    other.write_bytes(tiny.read_bytes())
    (here,) = (kept / "arcloop" / "gguf").iterdir()
    assert model_folder(str(tiny)) == str(here)
    again = tmp_path / "again"
    again.mkdir()
    other.rename(again / "tiny.gguf")
    monkeypatch.setattr(gguf_module, "_convert", None)
    assert model_folder(str(again)) == str(here)


def test_a_file_that_is_damaged_leaves_nothing(tiny: Path, kept: Path, tmp_path: Path) -> None:
    whole = tiny.read_bytes()
    for name, content in (("half", whole[: len(whole) // 2]), ("head", whole[:200]), ("four", b"GGUF")):
        (tmp_path / name).write_bytes(content)  # known by its first bytes
        with pytest.raises(
            ModelError, match=rf"{name}: cannot be read \(.+\); expected a GGUF file of a causal language model"
        ):
            model_folder(str(tmp_path / name))
    assert not [path for path in (kept / "arcloop" / "gguf").rglob("*") if path.is_file()]


def test_what_is_no_whole_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="no GGUF file, though its name says so"):
        model_folder(str(tmp_path / "no.gguf"))
    (tmp_path / "a-00001-of-00002.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"2 GGUF files, a-00001-of-00002\.gguf and others; expected one"):
        model_folder(str(tmp_path))
    with pytest.raises(ModelError, match="one of several parts"):
        model_folder(str(tmp_path / "a-00001-of-00002.gguf"))


def test_a_kind_that_transformers_does_not_know_is_told(tmp_path: Path) -> None:
    write_tiny(tmp_path / "odd.gguf", vocabulary=2048, general__architecture="perceptron")
    with pytest.raises(ModelError, match=r"odd.gguf: cannot be read \(.*perceptron"):
        model_folder(str(tmp_path / "odd.gguf"))


def test_the_package_that_it_needs_is_named(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="needs the package gguf, which is not installed — pip install gguf"):
        model_folder(str(tiny))
