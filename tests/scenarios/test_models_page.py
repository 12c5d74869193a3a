"""docs/models.md as it is written, with a model that has the tokenizer and the template of a real one."""

import sys
from pathlib import Path

import pytest

from arcloop.cli import main
from arcloop.runs.rundir import RunDir
from tests.models_page import walk
from tests.smollm2 import write_tiny

SMALLER = {
    "search --tasks arc1-train --limit 5": ["--limit", "1", "--n-predictions", "2", "--max-output-tokens", "24"],
    "search --tasks arc1-train --limit 100": ["--limit", "3", "--n-predictions", "4"],
    "search --tasks arc1-train --limit 2": ["--limit", "1", "--n-predictions", "2", "--max-output-tokens", "24"],
    "train": ["--max-steps", "2", "--batch-size", "2"],
    "run": ["--limit", "1", "--programs", "2", "--rounds", "2", "--sampling.max-tokens", "24"],
}


def test_every_command_of_the_page_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny(tmp_path / "tiny.gguf", vocabulary=8192)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.utils._cache_assets.HF_ASSETS_CACHE", str(tmp_path / "kept"))

    def run(words: list[str]) -> str:
        monkeypatch.setattr(sys, "argv", ["arcloop", *words])
        assert main() == 0, words
        return capsys.readouterr().out

    printed = walk(tmp_path / "tiny.gguf", SMALLER, run)
    card = next(text for command, text in printed.items() if command == "arcloop card MODEL")
    assert "guessed" in card and "plain" in card and "8192" in card
    prompt = next(text for command, text in printed.items() if "show prompt" in command)
    assert prompt.count("<|im_start|>") == 3 and prompt.rstrip().endswith("<|im_start|>assistant")
    assert RunDir.open(tmp_path / "runs" / "taught").read("submission.json")
    assert (tmp_path / "models" / "taught" / "model.safetensors").is_file()
